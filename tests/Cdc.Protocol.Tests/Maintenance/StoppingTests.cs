using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

/// <summary>A dispatcher needs what is lost for ever. That stops the changefeed if it is the one that has its span.
/// </summary>
public sealed class StoppingTests
{
    MaintainerRig _rig = Worked();
    ulong _sequence = 90;

    SpanTask Table(long id) => _rig.Schedule.OfTable(new(id))[0];

    static NodeId Other(NodeId node) => node == A ? B : A;

    static DispatcherKey Of(SpanTask task) => new(Mode.Event, task.Id, task.Owner);

    [Fact]
    public void The_one_that_has_the_span_stops_the_changefeed()
    {
        SpanTask task = Table(1);
        Fails(task.Node, Of(task));
        Assert.Equal(Of(task), Assert.Single(Reported()).Of);
        Fails(_rig.Schedule.Trigger.Node, Of(_rig.Schedule.Trigger));
        Assert.Equal(Trigger, Assert.Single(Reported()).Of!.Value.Dispatcher);
    }

    [Fact]
    public void A_leftover_stops_nobody_and_hides_nobody()
    {
        SpanTask task = Table(1), other = Table(2);
        Fails(Other(task.Node), Of(task));
        Fails(task.Node, Of(task) with { Owner = new(Ours.Value - 1, task.Owner.Number) });
        Fails(task.Node, Of(task) with { Dispatcher = new(Ours, 999) });
        Fails(task.Node, Of(task) with { Mode = Mode.Redo });
        Assert.Empty(Reported());
        Fails(other.Node, Of(task) with { Owner = default }, Of(other));
        Assert.Equal(Of(other), Assert.Single(Reported()).Of);
        Fails(other.Node, Of(other));
        Fails(other.Node, Of(task) with { Owner = default });
        Assert.Equal(Of(other), Assert.Single(Reported()).Of);
    }

    [Fact]
    public void What_stops_a_whole_node_stops_the_changefeed_whatever_it_has()
    {
        Fails(A, (DispatcherKey?)null);
        Assert.Null(Assert.Single(Reported()).Of);
    }

    [Fact]
    public void One_that_has_been_moved_away_is_a_leftover_where_it_was()
    {
        SpanTask task = Table(1);
        (NodeId origin, DispatcherKey was) = (task.Node, Of(task));
        _rig.Handle(new DrainNodes([origin]));
        for (int i = 0; i < 40 && (Table(1).Node == origin || !Table(1).IsReplicating); i++) _rig.AllWork(60);
        Assert.Equal(Other(origin), Table(1).Node);
        Fails(origin, was);
        Assert.Empty(Reported());
        Fails(Table(1).Node, Of(Table(1)));
        Assert.Single(Reported());
    }

    [Fact]
    public void One_of_a_parked_table_has_no_span_any_more_though_its_remove_has_not_come()
    {
        SpanTask task = Table(1);
        (NodeId node, DispatcherKey was) = (task.Node, Of(task));
        _rig.Handle(new ParkTable(new(1)));
        _rig.Tick();
        _rig.Hears(new ParkPersisted(Ours, new(1), 1, null));
        Assert.Empty(_rig.Schedule.OfTable(new(1)));
        Fails(node, was);
        Assert.Empty(Reported());
    }

    [Fact]
    public void One_whose_table_was_parked_before_it_was_told_to_the_changefeed_stops_nobody()
    {
        SpanTask task = Table(1);
        _rig.Handle(new ParkTable(new(1)));
        Assert.Contains(Said<ParkRequest>(_rig.Tick()), static request => request.Table == new TableId(1));
        Fails(task.Node, Of(task));
        _rig.Hears(new ParkPersisted(Ours, new(1), 1, null));
        Assert.Empty(Reported());
    }

    [Fact]
    public void Before_the_schedule_is_there_nobody_can_say_whose_it_is_and_behind_it_the_node_has_said_so_again()
    {
        _rig = new();
        _rig.Bootstraps(A, B);
        SpanSnapshot shown = Shows(1, 5, 5);
        DispatcherKey of = new(Mode.Event, shown.Id, shown.Owner);
        _rig.Answers(A, shown, ShowsTrigger(4, at: 60));
        Fails(A, of, null);
        Assert.Empty(Reported());
        _rig.Answers(B);
        Fails(A, of);
        _rig.Loads(60, 1);
        Assert.Empty(Reported());
        Fails(A, of);
        Assert.Equal(of, Assert.Single(Reported()).Of);
    }

    static MaintainerRig Worked()
    {
        MaintainerRig rig = Running([A, B], 1, 2);
        rig.AllWork(50);
        return rig;
    }

    void Fails(NodeId node, params DispatcherKey?[] of) => _rig.Hears(node, new Heartbeat(
        Ours, Mode.Event, new(++_sequence, Ts(50)), [], false,
        [.. of.Select(each => new NodeFailure(node, FaultKind.Permanent, "It is lost.", each))]));

    /// <summary>In the next seconds.</summary>
    NodeFailure[] Reported() =>
        [.. Said<MaintainerReport>([.. _rig.Tick(1), .. _rig.Tick(5)]).SelectMany(static report => report.Failures)];
}
