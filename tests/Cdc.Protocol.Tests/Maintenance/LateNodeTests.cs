using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

/// <summary>Nodes that come, or come back, when the maintainer runs.</summary>
public sealed class LateNodeTests
{
    readonly MaintainerRig _rig = new();

    [Fact]
    [Trait("AC", "MaintainerSchedulesNodeChanges")]
    public void A_node_that_comes_later_is_asked_alone_and_what_it_has_that_is_elsewhere_or_nowhere_is_removed()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A, ShowsTrigger(4, at: 60), Shows(1, 5, 5));
        _rig.Loads(60, 1);
        _rig.Tick();
        _rig.Nodes(A, B);
        Assert.Equal(B, Assert.Single(_rig.Tick().OfType<Send>(), static s => s.Message is BootstrapRequest).To.Node);
        _rig.Beats(B, 9, new SpanStatus(new(new(3), 8), new(3, 8), ComponentState.Working, Ts(9), null, null));
        _rig.Answers(B, Shows(1, 5, 4), Shows(2, 8, 8));
        Assert.Equal("d3.5 d3.8", _rig.Removes());
        Assert.Equal("Replicating 3.5 @a 60", _rig.Of(1));
    }

    [Fact]
    public void A_node_that_left_and_comes_back_keeps_what_was_not_made_elsewhere()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 60));
        _rig.Answers(B, Shows(1, 5, 5));
        _rig.Loads(60, 1);
        _rig.Nodes(A);
        Assert.Equal("Absent 60", _rig.Of(1));
        _rig.Nodes(A, B);
        SpanSnapshot create = Shows(1, 6, 6) with { Owner = new(7, 9) };
        SpanSnapshot shown = Shows(1, 5, 5, at: 61);
        _rig.Answers(B, [shown], Journal(ScheduleAction.Create, OperationKind.Add, create));
        Assert.Contains("create d3.5 3.5 from 61", _rig.Creates());
        _rig.Beats(B, 61, new SpanStatus(shown.Id, shown.Owner, ComponentState.Working, shown.Checkpoint, null, null));
        Assert.Equal("Replicating 3.5 @b 61", _rig.Of(1));
    }

    [Fact]
    public void A_watermark_from_before_a_span_was_made_does_not_count_for_it_when_its_node_comes_back()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A, ShowsTrigger(4, at: 60));
        _rig.Loads(60, 1);
        _rig.Beats(A, 60);
        ScheduleItem made = Assert.Single(_rig.Items(ScheduleAction.Create));
        _rig.Nodes();
        _rig.Nodes(A);
        SpanSnapshot trigger = ShowsTrigger(4, at: 99);
        _rig.Answers(A, trigger, Shows(1, 5, 5, at: 61) with { Id = made.Id, Owner = made.Owner });
        _rig.Hears(A, new Heartbeat(Ours, Mode.Event, new(1, Ts(99)), [], false, []));
        _rig.Tick();
        Assert.Equal(Ts(61), _rig.Maintainer.Tenure!.Committed);
        _rig.Beats(
            A, 70,
            new SpanStatus(trigger.Id, trigger.Owner, ComponentState.Working, Ts(99), null, null),
            new SpanStatus(made.Id, made.Owner, ComponentState.Working, Ts(61), null, null));
        _rig.Tick();
        Assert.Equal(Ts(70), _rig.Maintainer.Tenure!.Committed);
    }

    [Fact]
    public void A_node_that_comes_back_is_not_believed_to_have_what_is_known_to_have_ended()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 60));
        _rig.Answers(B, Shows(1, 5, 5));
        _rig.Loads(60, 1);
        _rig.Beats(B, 60, new SpanStatus(new(new(3), 5), new(3, 5), ComponentState.Stopped, Ts(60), null, null));
        _rig.Nodes(A);
        _rig.Nodes(A, B);
        _rig.Answers(B, Shows(1, 5, 5, at: 61));
        Assert.Equal("Absent 60", _rig.Of(1));
    }
}
