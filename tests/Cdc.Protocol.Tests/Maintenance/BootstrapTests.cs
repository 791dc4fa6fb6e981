using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

/// <summary>Every node is asked, the list of tables is loaded, and then it runs.</summary>
public sealed class BootstrapTests
{
    readonly MaintainerRig _rig = new();

    [Fact]
    [Trait("AC", "MaintainerBootstrapWithTablesReported")]
    [Trait("AC", "FinishBootstrap")]
    public void Every_node_is_asked_until_it_has_answered_and_then_the_tables_are_loaded()
    {
        _rig.Bootstraps(A, B);
        Assert.Equal([A, B], _rig.Tick(1).OfType<Send>().Select(static send => send.To.Node));
        _rig.Answers(A, Shows(1, 5, 5));
        Assert.Equal([B], _rig.Maintainer.WaitingFor(_rig.Now).Bootstrapping);
        Assert.Equal(B, Assert.Single(_rig.Tick(1).OfType<Send>()).To.Node);
        Assert.Equal(Ts(50), Assert.Single(_rig.Answers(B).OfType<LoadTables>()).At);
        Assert.Equal([Mode.Event], _rig.Maintainer.WaitingFor(_rig.Now).Tables);
        Assert.Empty(_rig.Loads(49, 1));
        Assert.Equal(MaintainerPhase.Loading, _rig.Maintainer.Phase);
        _rig.Loads(50, 1, 2);
        Assert.Equal(MaintainerPhase.Running, _rig.Maintainer.Phase);
        Assert.Equal("Replicating 3.5 @a 60", _rig.Of(1));
        Assert.Equal("Absent 50", _rig.Of(2));
        Assert.Equal([A, B], _rig.Tick(1).OfType<Send>()
            .Where(static send => send.Message is PostBootstrapRequest).Select(static send => send.To.Node));
    }

    [Fact]
    public void A_node_that_refuses_or_leaves_or_is_not_in_view_does_not_answer()
    {
        _rig.Bootstraps(A, B);
        _rig.Hears(A, new BootstrapResponse(Ours, [], [], "another trigger"));
        Assert.Equal([A, B], _rig.Maintainer.WaitingFor(_rig.Now).Bootstrapping);
        Assert.Equal(
            [new NodeFailure(A, FaultKind.Permanent, "another trigger", null)],
            Assert.Single(Said<MaintainerReport>(_rig.Tick(1))).Failures);
        _rig.Answers(C);
        _rig.Answers(A);
        _rig.Hears(A, new BootstrapResponse(Ours, [], [], "another trigger"));
        Assert.Empty(Said<MaintainerReport>(_rig.Tick(1)));
        Assert.Equal(MaintainerPhase.Bootstrapping, _rig.Maintainer.Phase);
        Assert.Single(_rig.Nodes(A).OfType<LoadTables>());
    }

    [Fact]
    public void Nothing_is_told_to_be_durable_before_every_node_with_spans_has_said_how_far_it_is()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 60), Shows(1, 5, 5));
        _rig.Answers(B, Shows(2, 6, 6));
        _rig.Loads(60, 1, 2);
        _rig.Beats(A, 90);
        _rig.Tick();
        Assert.Equal(Ts(50), _rig.Maintainer.Tenure!.Committed);
        Assert.Equal([B], _rig.Maintainer.WaitingFor(_rig.Now).Watermarks);
        _rig.Beats(B, 70);
        _rig.Tick();
        Assert.Equal(Ts(70), _rig.Maintainer.Tenure!.Committed);
    }

    [Fact]
    public void The_table_list_is_that_of_the_trigger_where_a_node_shows_it()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 80));
        Assert.Equal(Ts(90), Assert.Single(_rig.Answers(B, ShowsTrigger(9, at: 90)).OfType<LoadTables>()).At);
        _rig.Loads(90);
        Assert.Equal("Replicating 3.9 @b 90", Of(_rig.Schedule.Trigger));
        Assert.Contains("trigger", _rig.Removes());
    }

    [Fact]
    public void A_trigger_that_nobody_shows_is_made_where_the_list_was_loaded()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A);
        _rig.Loads(50);
        Assert.Equal("create trigger 7.1 from 50", _rig.Creates());
    }

    [Fact]
    public void A_trigger_that_comes_with_a_node_while_the_list_is_loaded_has_it_loaded_again()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A);
        _rig.Nodes(A, B);
        _rig.Answers(B, ShowsTrigger(9, at: 90));
        Assert.Equal(Ts(90), Assert.Single(_rig.Loads(50, 1).OfType<LoadTables>()).At);
        _rig.Loads(90, 2);
        Assert.Equal(("", "Absent 50"), (_rig.Of(1), _rig.Of(2)));
    }

    [Fact]
    public void A_trigger_that_is_behind_the_list_is_removed_and_made_where_the_list_was_loaded()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(4, at: 80));
        _rig.Answers(B, ShowsTrigger(9, at: 90));
        _rig.Nodes(A);
        _rig.Loads(90);
        Assert.Equal("Absent 90", Of(_rig.Schedule.Trigger));
        List<ScheduleItem> said =
            [.. Said<ScheduleRequest>(_rig.Tick(1)).SelectMany(static request => request.Items)];
        Assert.Equal((ScheduleAction.Remove, new Owner(3, 4)), (said[0].Action, said[0].Owner));
        Assert.Equal((ScheduleAction.Create, Ts(90)), (said[1].Action, said[1].Start));
    }

    [Fact]
    public void A_trigger_is_not_made_while_a_node_that_came_has_not_answered()
    {
        _rig.Bootstraps(A);
        _rig.Answers(A);
        _rig.Nodes(A, B);
        _rig.Loads(50);
        Assert.Equal("", _rig.Creates());
        _rig.Answers(B);
        Assert.Equal("create trigger 7.1 from 50", _rig.Creates());
    }
}
