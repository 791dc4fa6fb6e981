using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

public sealed class RunningTests
{
    readonly MaintainerRig _rig = MaintainerRig.Running([A, B], 1, 2);

    BlockStatus Waiting(SpanTask task, ulong at, BlockPayload payload) =>
        new(task.Id, task.Owner, new(Ts(at), false), BlockStage.Waiting, null, payload);

    SpanTask Table(long id) => _rig.Schedule.OfTable(new(id))[0];

    static SpanStatus Held(SpanTask task) =>
        new(task.Id, task.Owner, ComponentState.Working, task.Checkpoint, null, FaultKind.Transient);

    List<Effect> Block(params BlockStatus[] statuses) =>
        _rig.Hears(A, new BlockStatusRequest(Ours, Mode.Event, [.. statuses]));

    [Fact]
    [Trait("AC", "MaintainerSchedule")]
    [Trait("AC", "MaintainerStatusChangedNotification")]
    [Trait("AC", "Maintainer_GetMaintainerStatusUsesCommittedCheckpoint")]
    public void Absent_spans_are_made_and_the_checkpoint_follows_the_nodes()
    {
        _rig.AllWork(watermark: 50);
        Assert.All(_rig.Schedule.All, static task => Assert.True(task.IsReplicating));
        IEnumerable<SpanTask> all = _rig.Schedule.All.Append(_rig.Schedule.Trigger);
        Assert.Equal(2, all.Select(static task => task.Node).Distinct().Count());
        _rig.Beats(A, 70);
        _rig.Beats(B, 65);
        MaintainerReport report = Assert.Single(Said<MaintainerReport>(_rig.Tick(1).Concat(_rig.Tick(1))));
        Assert.Equal((Ts(65), true), (report.Checkpoint, report.IsBootstrapped));
    }

    [Fact]
    [Trait("AC", "MaintainerCheckpointUpdateNotification")]
    [Trait("AC", "MaintainerSetWatermarkReportsChanges")]
    public void A_change_is_reported_within_a_second_and_every_five_seconds_anyway()
    {
        _rig.AllWork(50);
        _rig.Tick(5);
        Assert.Empty(Said<MaintainerReport>(_rig.Tick(4.9)));
        Assert.Single(Said<MaintainerReport>(_rig.Tick(0.1)));
        _rig.Beats(A, 60);
        _rig.Beats(B, 60);
        _rig.Tick(0.1);
        Assert.Equal(Ts(60), Assert.Single(Said<MaintainerReport>(_rig.Tick(0.9))).Checkpoint);
    }

    [Fact]
    public void The_reported_checkpoint_never_goes_back()
    {
        _rig.AllWork(50);
        _rig.Beats(A, 60);
        _rig.Beats(B, 60);
        _rig.Tick(1);
        _rig.Beats(A, 55);
        _rig.Tick(1);
        Assert.Equal(Ts(60), Assert.Single(Said<MaintainerReport>(_rig.Tick(5))).Checkpoint);
    }

    [Fact]
    public void What_stops_a_node_is_reported_as_often_as_it_says_so()
    {
        _rig.AllWork(50);
        _rig.Tick(5);
        NodeFailure failure = new(A, FaultKind.Transient, "The sink is unreachable.", null);
        Heartbeat heartbeat = new(Ours, Mode.Event, new(99, Ts(50)), [], false, [failure]);
        _rig.Hears(A, heartbeat);
        Assert.Equal([failure], Assert.Single(Said<MaintainerReport>(_rig.Tick(1))).Failures);
        _rig.Hears(A, heartbeat with { Failures = [] });
        Assert.Empty(Said<MaintainerReport>(_rig.Tick(1)));
        _rig.Hears(A, heartbeat);
        _rig.Hears(A, heartbeat with { Failures = [] });
        Assert.Equal([failure], Assert.Single(Said<MaintainerReport>(_rig.Tick(1))).Failures);
    }

    [Fact]
    public void A_persisted_checkpoint_is_passed_on_to_every_node_and_now_and_then_again()
    {
        _rig.Hears(new CheckpointPersisted(Ours, Ts(60)));
        Assert.Equal([A, B], Notices(_rig.Tick()));
        Assert.Empty(Notices(_rig.Tick(9)));
        Assert.Equal([A, B], Notices(_rig.Tick(1)));
        _rig.Hears(new CheckpointPersisted(Ours, Ts(55)));
        Assert.Empty(Notices(_rig.Tick()));

        static NodeId[] Notices(List<Effect> said) =>
        [
            .. said.OfType<Send>().Where(static send => send.Message is CheckpointNotice { Checkpoint.Commit: 60 })
                .Select(static send => send.To.Node),
        ];
    }

    [Fact]
    public void A_block_event_goes_through_its_barrier()
    {
        _rig.AllWork(50);
        BlockPayload alter = BlockPayload.Of(new Influence.Normal([TableId.Trigger, new(1)]));
        Block(Waiting(_rig.Schedule.Trigger, 90, alter));
        BarrierWaitIs(1);
        List<Effect> said = Block(Waiting(Table(1), 90, alter));
        BlockInstruction write = Assert.Single(
            Said<BlockInstructions>(said).SelectMany(static each => each.Items),
            static item => item.Kind == InstructionKind.Write);
        Assert.Equal(new BlockEventId(Ts(90), false), write.Event);

        void BarrierWaitIs(int missing) =>
            Assert.Equal(missing, Assert.Single(_rig.Maintainer.WaitingFor(_rig.Now).Barriers).MissingCount);
    }

    [Fact]
    public void The_checkpoint_stays_at_an_event_that_adds_tables_and_at_these_from_when_they_are_in_the_schedule()
    {
        _rig.AllWork(50);
        BlockPayload create = BlockPayload.Of(new Influence.Normal([TableId.Trigger, new(1)])) with
        {
            Added = [new(new(9), "shop", true)],
        };
        Block(Waiting(_rig.Schedule.Trigger, 90, create), Waiting(Table(1), 90, create));
        _rig.Beats(A, 200);
        _rig.Beats(B, 200);
        _rig.Tick(1);
        Assert.Equal(Ts(90), _rig.Maintainer.Tenure!.Committed);
        SpanTask trigger = _rig.Schedule.Trigger;
        Block(new BlockStatus(trigger.Id, trigger.Owner, new(Ts(90), false), BlockStage.Done, BlockAction.Write, null));
        Assert.Equal("Absent 90", _rig.Of(9));
        _rig.Beats(A, 300);
        _rig.Beats(B, 300);
        _rig.Tick(1);
        Assert.Equal(Ts(90), _rig.Maintainer.Tenure!.Committed);
    }

    [Fact]
    public void A_node_that_left_has_its_spans_made_on_the_others()
    {
        _rig.AllWork(50);
        _rig.Nodes(B);
        _rig.AllWork(50);
        Assert.All(_rig.Schedule.All.Append(_rig.Schedule.Trigger), static task => Assert.Equal(B, task.Node));
    }

    [Fact]
    public void A_table_that_a_failure_holds_is_parked_after_its_limit_and_the_others_go_on()
    {
        _rig.AllWork(50);
        SpanTask held = Table(1);
        _rig.Beats(held.Node, 50, Held(held));
        _rig.Tick(3599);
        Assert.Empty(Said<ParkRequest>(_rig.Tick()));
        Assert.Equal(new ParkRequest(Ours, new(1), 1, null), Assert.Single(Said<ParkRequest>(_rig.Tick(1))));
        Assert.Empty(Said<ParkRequest>(_rig.Tick(0.5)));
        Assert.Single(Said<ParkRequest>(_rig.Tick(0.5)));
        Assert.Equal([new TableId(1)], _rig.Maintainer.WaitingFor(_rig.Now).Parking);
        Assert.NotEqual("", _rig.Of(1));
        _rig.Hears(new ParkPersisted(Ours, new(1), 1, null));
        Assert.Equal("", _rig.Of(1));
        List<Effect> said = _rig.Tick(1);
        Assert.Empty(Said<ParkRequest>(said));
        ScheduleItem remove = Assert.Single(Said<ScheduleRequest>(said).SelectMany(static r => r.Items));
        Assert.Equal((ScheduleAction.Remove, held.Id), (remove.Action, remove.Id));
        Assert.NotEqual("", _rig.Of(2));
    }

    [Fact]
    public void A_barrier_that_needs_a_held_table_has_it_parked_after_a_minute()
    {
        _rig.AllWork(50);
        SpanTask held = Table(1);
        _rig.Beats(held.Node, 50, Held(held));
        BlockPayload alter = BlockPayload.Of(new Influence.Normal([TableId.Trigger, new(1)]));
        Block(Waiting(_rig.Schedule.Trigger, 90, alter));
        List<Effect> said = [];
        for (int i = 0; i < 62; i++) said.AddRange(_rig.Tick(1));
        Assert.Contains(new ParkRequest(Ours, new(1), 1, null), Said<ParkRequest>(said));
    }

    [Fact]
    public void Somebody_may_ask_for_a_split_a_merge_a_drain_and_a_park()
    {
        _rig.AllWork(50);
        _rig.Handle(new SplitTable(Mode.Event, new(1), 4));
        _rig.AllWork(50);
        Assert.Equal(4, _rig.Schedule.OfTable(new(1)).Count);
        _rig.Handle(new DrainNodes([A]));
        for (int i = 0; i < 4; i++) _rig.AllWork(50);
        Assert.All(_rig.Schedule.All, static task => Assert.Equal((B, true), (task.Node, task.IsReplicating)));
        _rig.Handle(new MergeTable(Mode.Event, new(1)));
        Assert.Equal(4, Assert.Single(Said<MergeRequest>(_rig.Tick())).Item.Sources.Length);
        _rig.Handle(new ParkTable(new(2)));
        _rig.Handle(new ParkTable(new(99)));
        Assert.Equal(new TableId(2), Assert.Single(Said<ParkRequest>(_rig.Tick())).Table);
    }

    [Fact]
    public void Nodes_that_are_to_be_emptied_are_known_from_before_the_epoch_is_granted()
    {
        MaintainerRig rig = new();
        rig.Handle(new DrainNodes([A]));
        rig.Bootstraps(A, B);
        rig.Answers(A);
        rig.Answers(B);
        rig.Loads(50, 1);
        rig.AllWork(50);
        Assert.All(rig.Schedule.All.Append(rig.Schedule.Trigger), static task => Assert.Equal(B, task.Node));
    }

    [Fact]
    public void What_a_node_says_that_is_not_in_view_or_not_in_the_schedule_yet_does_not_count()
    {
        _rig.AllWork(50);
        SpanTask task = Table(1);
        _rig.Beats(C, 99, new SpanStatus(task.Id, task.Owner, ComponentState.Working, Ts(99), null, null));
        Assert.Equal(0, _rig.Schedule.Removals.Count);
        _rig.Nodes(A, B, C);
        _rig.Beats(C, 99, new SpanStatus(task.Id, task.Owner, ComponentState.Working, Ts(99), null, null));
        Assert.Equal(0, _rig.Schedule.Removals.Count);
    }

    [Fact]
    public void An_operation_that_takes_long_is_among_what_it_waits_for()
    {
        _rig.Tick(1);
        _rig.Tick(29);
        Assert.Empty(_rig.Maintainer.WaitingFor(_rig.Now).Operations);
        _rig.Tick(1);
        Assert.Equal(3, _rig.Maintainer.WaitingFor(_rig.Now).Operations.Length);
        OperationWait wait = _rig.Maintainer.WaitingFor(_rig.Now).Operations[0];
        Assert.Contains("to start it", wait.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Syncpoints_are_asked_for_at_their_interval_and_not_while_a_block_event_is_open()
    {
        MaintainerRig rig = new(TimeSpan.FromSeconds(30));
        rig.Bootstraps(A);
        rig.Answers(A);
        rig.Loads(50, 1);
        Assert.Single(rig.Tick().OfType<RequestSyncpoint>());
        rig.AllWork(50);
        Assert.Empty(rig.Tick(25).OfType<RequestSyncpoint>());
        SpanTask trigger = rig.Schedule.Trigger;
        var all = BlockPayload.Of(new Influence.All());
        BlockStatus waiting = new(trigger.Id, trigger.Owner, new(Ts(90), true), BlockStage.Waiting, null, all);
        rig.Hears(A, new BlockStatusRequest(Ours, Mode.Event, [waiting]));
        Assert.Empty(rig.Tick(30).OfType<RequestSyncpoint>());
    }
}
