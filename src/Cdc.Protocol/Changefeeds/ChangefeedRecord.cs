using System.Collections.Immutable;

namespace Cdc.Protocol.Changefeeds;

/// <summary>Everything about a changefeed that outlives its processes; stored as a whole. The binary form is
/// <see cref="ChangefeedRecordFormat"/>.</summary>
/// <param name="Id">Which.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Closing">What is not closed yet; a restart goes on with it.</param>
/// <param name="Settings">What its operator wants.</param>
/// <param name="Epochs">Who may speak for it.</param>
/// <param name="Checkpoint">Everything up to it is durable downstream.</param>
/// <param name="Parking">The tables that are out of the schedule.</param>
/// <param name="Trouble">What failed last; null: nothing since there was progress.</param>
public sealed record ChangefeedRecord(
    ChangefeedId Id,
    ChangefeedState State,
    Closing Closing,
    ChangefeedSettings Settings,
    EpochRecord Epochs,
    CommitTs Checkpoint,
    ParkingRecord Parking,
    Trouble? Trouble)
{
    /// <summary>Whether it is to have a maintainer that runs it, now or after a pause.</summary>
    public bool IsRunning => State is ChangefeedState.Normal or ChangefeedState.Warning;

    internal static ChangefeedRecord New(ChangefeedId id, CommitTs start, ChangefeedSettings settings) =>
        new(id, ChangefeedState.Normal, Closing.None, settings, EpochRecord.None, start, ParkingRecord.None, null);
}

/// <param name="TargetTs">Where it ends; null: never.</param>
/// <param name="HasRedo">Whether it has a second pipeline.</param>
public sealed record ChangefeedSettings(CommitTs? TargetTs, bool HasRedo);

/// <summary>Why it does not run, and since when.</summary>
/// <param name="Failures">How many without progress between them.</param>
/// <param name="Down">How long it has not run without progress, as of the last failure.</param>
/// <param name="Node">Where; default: its maintainer.</param>
/// <param name="Message">A sentence without values of rows.</param>
public sealed record Trouble(int Failures, TimeSpan Down, NodeId Node, string Message);
