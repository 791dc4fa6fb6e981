using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Engine.Starting;
using Cdc.Engine.State;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Starting;

public sealed class StartTableTests
{
    static readonly SourceIdentity Shop = new("postgres", "7123", "shop", 1);
    static readonly CommitTs Checkpoint = CommitTs.End(0x500);

    [Fact]
    public void Nothing_anywhere_is_a_first_start() =>
        Assert.IsType<StartDecision.First>(Decide(null, Slot(PositionState.Absent)));

    [Fact]
    public void A_slot_without_state_is_refused_and_both_ways_out_are_named()
    {
        CdcException refusal = Refused(FailureKind.PositionUnknown, null, Slot(PositionState.Held, 0x100));
        Assert.Contains("cdc_feed", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("cdc drop --name feed", refusal.Fix, StringComparison.Ordinal);
        Assert.Contains("--state", refusal.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lost_state_is_rebuilt_from_the_target()
    {
        StartDecision.GoOn on = Assert.IsType<StartDecision.GoOn>(
            Decide(null, Slot(PositionState.Held, 0x400), Target(Checkpoint)));
        Assert.True(on.StateIsLost);
        Assert.Equal(Checkpoint, on.Checkpoint);
    }

    [Fact]
    public void A_lost_state_with_a_slot_beyond_the_target_is_refused() =>
        Refused(FailureKind.PositionLost, null, Slot(PositionState.Held, 0x501), Target(Checkpoint));

    [Fact]
    public void A_target_with_rows_and_no_slot_is_refused() =>
        Refused(FailureKind.PositionLost, null, Slot(PositionState.Absent), Target(Checkpoint));

    [Fact]
    public void A_target_claimed_but_never_written_does_not_stand_in_the_way() =>
        Assert.IsType<StartDecision.First>(Decide(null, Slot(PositionState.Absent), Target(CommitTs.Zero)));

    [Fact]
    public void A_start_that_never_completed_starts_again_and_takes_its_slot() =>
        Assert.IsType<StartDecision.First>(
            Decide(State() with { FirstConsistent = CommitTs.Zero, Checkpoint = CommitTs.Zero }, Slot(PositionState.Held, 0x100)));

    [Theory]
    [InlineData(PositionState.Absent)]
    [InlineData(PositionState.Held)]
    public void A_start_that_never_completed_does_not_begin_over_rows_of_an_earlier_life(PositionState place)
    {
        ChangefeedState begun = State() with { FirstConsistent = CommitTs.Zero, Checkpoint = CommitTs.Zero };
        SinkProgress copied = Target(CommitTs.Zero) with
        {
            Copied = new Dictionary<TableId, CommitTs> { [new(1)] = CommitTs.End(0x80) },
        };
        Refused(FailureKind.SinkUnfit, begun, Slot(place, 0x100), copied);
        Refused(FailureKind.SinkUnfit, begun, Slot(place, 0x100), Target(Checkpoint));
        Assert.IsType<StartDecision.First>(Decide(begun, Slot(place, 0x100), Target(CommitTs.Zero)));
    }

    [Theory]
    [InlineData(PositionState.Absent)]
    [InlineData(PositionState.Lost)]
    public void A_position_that_is_gone_is_said_with_the_command_that_starts_over(PositionState gone)
    {
        CdcException refusal = Refused(FailureKind.PositionLost, State(), Slot(gone));
        Assert.Contains(Checkpoint.ToString(), refusal.Message, StringComparison.Ordinal);
        Assert.Contains("cdc drop", refusal.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void A_slot_confirmed_beyond_our_checkpoint_names_both_ends_of_the_gap()
    {
        CdcException refusal = Refused(FailureKind.PositionLost, State(), Slot(PositionState.Held, 0x501));
        Assert.Contains(Checkpoint.ToString(), refusal.Message, StringComparison.Ordinal);
        Assert.Contains(CommitTs.End(0x501).ToString(), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_slot_confirmed_at_a_transaction_of_which_steps_are_missing_is_a_gap() =>
        Refused(FailureKind.PositionLost, State() with { Checkpoint = new CommitTs(0x500, 1) }, Slot(PositionState.Held, 0x500));

    [Theory]
    [InlineData(0x500ul)]
    [InlineData(0x400ul)]
    public void A_slot_at_or_before_the_checkpoint_goes_on(ulong confirmed) =>
        Assert.Equal(new StartDecision.GoOn(Checkpoint), Decide(State(), Slot(PositionState.Held, confirmed)));

    [Fact]
    public void A_busy_slot_goes_on_to_wait_for_its_reader() =>
        Assert.IsType<StartDecision.GoOn>(Decide(State(), Slot(PositionState.Busy, 0x500)));

    [Fact]
    public void A_target_that_is_ahead_of_the_state_after_a_crash_decides()
    {
        ChangefeedState state = State() with { TargetKeepsRecord = true, Written = CommitTs.End(0x480) };
        Assert.Equal(
            new StartDecision.GoOn(CommitTs.End(0x600)),
            Decide(state, Slot(PositionState.Held, 0x300), Target(CommitTs.End(0x600))));
    }

    [Fact]
    public void A_target_whose_record_lags_while_nothing_was_written_goes_on_from_the_checkpoint()
    {
        ChangefeedState state = State() with { TargetKeepsRecord = true, Written = CommitTs.End(0x400) };
        Assert.Equal(
            new StartDecision.GoOn(Checkpoint), Decide(state, Slot(PositionState.Held, 0x500), Target(CommitTs.End(0x400))));
    }

    [Fact]
    public void A_target_that_lost_rows_gets_them_again_while_the_source_holds_them_and_is_refused_when_not()
    {
        ChangefeedState state = State() with { TargetKeepsRecord = true, Written = CommitTs.End(0x480) };
        SinkProgress older = Target(CommitTs.End(0x400));
        Assert.Equal(new StartDecision.GoOn(older.Position), Decide(state, Slot(PositionState.Held, 0x300), older));
        Refused(FailureKind.PositionLost, state, Slot(PositionState.Held, 0x500), older);
    }

    [Fact]
    public void A_target_without_the_record_that_it_once_kept_is_not_ours()
    {
        ChangefeedState state = State() with { TargetKeepsRecord = true };
        Refused(FailureKind.SinkUnfit, state, Slot(PositionState.Held, 0x500));
        Refused(FailureKind.SinkUnfit, state with { Copied = state.Copied.Add(new(1), Checkpoint) },
            Slot(PositionState.Held, 0x500), Target(Checkpoint));
    }

    [Fact]
    public void A_server_whose_log_ends_before_our_checkpoint_was_restored() =>
        Refused(FailureKind.SourceChanged, State(), Slot(PositionState.Held, 0x300) with { LogEnd = CommitTs.End(0x4FF) });

    public static TheoryData<SourceIdentity> Others() =>
        [Shop with { System = "9" }, Shop with { Database = "other" }, Shop with { Timeline = 2 }, Shop with { Kind = "demo" }];

    [Theory]
    [MemberData(nameof(Others))]
    public void Positions_of_two_sources_are_never_compared(SourceIdentity other) =>
        Refused(FailureKind.SourceChanged, State(), Slot(PositionState.Held, 0x500) with { Identity = other });

    [Fact]
    public void A_target_of_another_source_or_changefeed_is_refused()
    {
        SourceFacts slot = Slot(PositionState.Absent);
        Refused(FailureKind.SinkUnfit, null, slot, Target(Checkpoint) with { Source = Shop with { Database = "other" } });
        Refused(FailureKind.SinkUnfit, null, slot, Target(Checkpoint) with { Changefeed = "another" });
    }

    static StartDecision Decide(ChangefeedState? state, SourceFacts facts, SinkProgress? target = null) =>
        StartTable.Decide("feed", state, facts, target);

    static CdcException Refused(FailureKind kind, ChangefeedState? state, SourceFacts facts, SinkProgress? target = null)
    {
        CdcException refusal = Assert.Throws<CdcException>(() => { Decide(state, facts, target); });
        Assert.Equal(kind, refusal.Kind);
        Assert.NotNull(refusal.Fix);
        return refusal;
    }

    static SourceFacts Slot(PositionState state, ulong confirmed = 0) =>
        new() { Identity = Shop, Position = new(state, "cdc_feed", CommitTs.End(confirmed)) };

    static SinkProgress Target(CommitTs position) => new()
    {
        Source = Shop, Changefeed = "feed", Owner = new(1, 1), Position = position,
        Copied = ImmutableDictionary<TableId, CommitTs>.Empty,
    };

    static ChangefeedState State() => new()
    {
        Name = "feed", Source = Shop, Slot = "cdc_feed", FirstConsistent = CommitTs.End(0x100), Checkpoint = Checkpoint,
        Snapshot = SnapshotPhase.Done,
    };
}
