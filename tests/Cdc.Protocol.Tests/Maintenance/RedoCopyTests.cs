using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

/// <summary>A parked table is copied once for both modes.</summary>
public sealed class RedoCopyTests
{
    static readonly AddedTable Table = new(new(1), "shop", true);
    static readonly AddedTable Other = new(new(2), "shop", true);

    readonly MaintainerRig _rig = new();

    Schedule Redo => _rig.Maintainer.Tenure!.Modes[1].Schedule;

    /// <param name="listed">The tables that the event mode has made.</param>
    void Runs(params long[] listed)
    {
        _rig.Nodes(A);
        _rig.Hears(Grant(parked: 1) with { HasRedo = true });
        _rig.Answers(A);
        _rig.Loads(50, listed);
        _rig.Handle(new TablesLoaded(Mode.Redo, Ts(50), [Table, Other]));
        _rig.AllWork(50);
        Wanted();
    }

    /// <summary>The changefeed says again and again what it has.</summary>
    void Wanted() => _rig.Hears(new CopyTables(Ours, [new(Table.Table, 0)]));

    static ScheduleItem? CopyIn(List<Effect> said) =>
        Said<ScheduleRequest>(said).SelectMany(static r => r.Items).SingleOrDefault(static item => item.Copies);

    void Copied(ScheduleItem copy, ulong at) => _rig.Beats(
        A, 50, new SpanStatus(copy.Id, copy.Owner, ComponentState.Copying, Ts(50), Ts(at), null));

    void Reports(Mode mode, BlockStage stage, BlockPayload payload)
    {
        SpanTask trigger = _rig.Maintainer.Tenure!.Find(mode)!.Schedule.Trigger;
        BlockStatus status = new(trigger.Id, trigger.Owner, new(Ts(60), false), stage, null, payload);
        _rig.Hears(A, new BlockStatusRequest(Ours, mode, [status]));
    }

    [Fact]
    public void A_copied_table_comes_into_both_modes_at_the_same_moment()
    {
        // A block event that one mode executed in between would be missing in its table, or be there twice.
        Runs(1, 2);
        Copied(CopyIn(_rig.Tick())!, 70);
        Assert.Single(_rig.Schedule.OfTable(Table.Table));
        Assert.Equal("Absent 70", Of(Assert.Single(Redo.OfTable(Table.Table))));
    }

    [Fact]
    public void It_comes_in_with_the_schema_that_the_redo_mode_has_seen()
    {
        Runs(1, 2);
        ScheduleItem copy = CopyIn(_rig.Tick())!;
        BlockPayload moves = BlockPayload.Of(new Influence.Normal([TableId.Trigger]));
        Redo.Apply(moves with { Moved = [new(Table.Table, "shop", "store")] }, Ts(60), _rig.Now);
        Copied(copy, 70);
        Assert.Equal("shop", Assert.Single(_rig.Schedule.OfTable(Table.Table)).Schema);
        Assert.Equal("store", Assert.Single(Redo.OfTable(Table.Table)).Schema);
    }

    [Fact]
    public void A_block_event_of_the_redo_mode_has_it_copied_again_and_nothing_is_copied_while_it_is_open()
    {
        Runs(1, 2);
        ScheduleItem copy = CopyIn(_rig.Tick())!;
        Reports(Mode.Redo, BlockStage.Waiting, BlockPayload.Of(new Influence.Normal([TableId.Trigger, Table.Table])));
        List<Effect> said = _rig.Tick();
        Assert.Contains(
            Said<ScheduleRequest>(said).SelectMany(static r => r.Items),
            item => item.Action == ScheduleAction.Remove && item.Id == copy.Id);
        Assert.Null(CopyIn(said));
        Assert.Null(CopyIn(_rig.Tick(1)));
    }

    [Fact]
    public void A_table_that_only_the_redo_mode_has_made_is_not_copied_yet()
    {
        // Its making would find it there.
        Runs(2);
        Assert.Null(CopyIn(_rig.Tick(1)));
        Reports(Mode.Event, BlockStage.Scheduled, BlockPayload.Of(new Influence.Normal([TableId.Trigger])) with
        {
            Added = [Table],
        });
        Wanted();
        Assert.NotNull(CopyIn(_rig.Tick(1)));
    }
}
