using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

/// <summary>A copy ends while a syncpoint is open that was reported after it had begun.</summary>
public sealed class CopyBesideEventTests
{
    static readonly TableId Parked = new(1);
    static readonly BlockEventId Syncpoint = new(Ts(80), true);

    readonly MaintainerRig _rig = new();
    ScheduleItem? _copy;

    Tenure Tenure => _rig.Maintainer.Tenure!;

    /// <summary>The parked table is being copied; another one and the trigger run.</summary>
    void Copying(bool hasRedo = false)
    {
        _rig.Nodes(A);
        _rig.Hears(Grant(parked: 1) with { HasRedo = hasRedo });
        _rig.Answers(A);
        _rig.Loads(50, 1, 2);
        _rig.Handle(new TablesLoaded(Mode.Redo, Ts(50), [new(Parked, "shop", true), new(new(2), "shop", true)]));
        _rig.AllWork(50);
        _rig.Hears(new CopyTables(Ours, [new(Parked, 0)]));
        _copy = Said<ScheduleRequest>(_rig.Tick()).SelectMany(static r => r.Items).Single(static item => item.Copies);
    }

    void Copied(ulong at) => _rig.Beats(
        A, 50, new SpanStatus(_copy!.Id, _copy.Owner, ComponentState.Copying, Ts(50), Ts(at), null));

    List<Effect> Says(Mode mode, DispatcherId id, BlockStage stage, BlockAction? action = null)
    {
        SpanTask task = Tenure.Find(mode)!.Schedule.Find(id)!;
        BlockPayload? payload = stage == BlockStage.Waiting ? BlockPayload.Of(new Influence.All()) : null;
        BlockStatus status = new(id, task.Owner, Syncpoint, stage, action, payload);
        return _rig.Hears(A, new BlockStatusRequest(Ours, mode, [status]));
    }

    /// <returns>Whether one of them was told to execute it.</returns>
    bool AllWait(Mode mode = Mode.Event)
    {
        Schedule schedule = Tenure.Find(mode)!.Schedule;
        List<Effect> said = [];
        foreach (SpanTask task in schedule.All.Append(schedule.Trigger).ToArray())
            if (task.IsReplicating) said.AddRange(Says(mode, task.Id, BlockStage.Waiting));
        said.AddRange(_rig.Tick(1));
        return Said<BlockInstructions>(said).SelectMany(static i => i.Items)
            .Any(static item => item.Kind == InstructionKind.Write);
    }

    void IsDone(Mode mode = Mode.Event) =>
        Says(mode, DispatcherId.TriggerOf(mode), BlockStage.Done, BlockAction.Write);

    void IsOut()
    {
        Assert.Equal("", _rig.Of(1));
        Assert.Empty(Said<ParkRequest>(_rig.Tick(1)));
        Assert.Equal("", _rig.Of(1));
    }

    void ComesIn(ulong at)
    {
        ParkRequest kept = Assert.Single(Said<ParkRequest>(_rig.Tick()));
        Assert.Equal(new ParkRequest(Ours, Parked, 1, Ts(at)), kept);
        foreach (ModeTenure mode in Tenure.Modes)
            Assert.Equal(Ts(at), Assert.Single(mode.Schedule.OfTable(Parked)).Checkpoint);
    }

    [Theory]
    [InlineData(Mode.Event)]
    [InlineData(Mode.Redo)]
    public void A_table_does_not_come_in_before_an_event_that_is_executed_without_it_has_been(Mode mode)
    {
        // Else it would be back, as of its copy, when the target is to be what the source was at the syncpoint.
        Copying(hasRedo: mode == Mode.Redo);
        Assert.True(AllWait(mode));
        Copied(70);
        IsOut();
        IsDone(mode);
        ComesIn(70);
    }

    [Fact]
    public void It_does_not_while_the_writer_has_gone_since_that_may_be_executing_it_still()
    {
        Copying();
        Assert.True(AllWait());
        Copied(70);
        SpanTask trigger = _rig.Schedule.Trigger;
        _rig.Beats(A, 50, new SpanStatus(trigger.Id, trigger.Owner, ComponentState.Stopped, Ts(50), null, null));
        IsOut();
        _rig.AllWork(50);
        IsOut();
        Assert.True(AllWait());
        IsOut();
        IsDone();
        ComesIn(70);
    }

    [Fact]
    public void An_event_that_nobody_was_told_to_execute_waits_for_the_table()
    {
        Copying();
        Says(Mode.Event, Trigger, BlockStage.Waiting);
        Copied(70);
        ComesIn(70);
        Assert.False(AllWait());
        _rig.Hears(new ParkPersisted(Ours, Parked, 1, Ts(70)));
        _rig.AllWork(50);
        Assert.True(AllWait());
    }

    [Fact]
    public void A_copy_beyond_the_event_comes_in_at_once()
    {
        Copying();
        Assert.True(AllWait());
        Copied(80);
        ComesIn(80);
    }

    [Fact]
    public void A_table_that_waits_is_copied_again_when_its_node_has_ended_it()
    {
        Copying();
        Assert.True(AllWait());
        Copied(70);
        _rig.Beats(A, 50, new SpanStatus(_copy!.Id, _copy.Owner, ComponentState.Stopped, Ts(70), null, null));
        IsDone();
        Assert.Empty(Said<ParkRequest>(_rig.Tick(1)));
        Assert.Equal("", _rig.Of(1));
    }
}
