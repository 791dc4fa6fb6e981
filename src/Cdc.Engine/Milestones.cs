namespace Cdc.Engine;

/// <summary>Steps of the way of a row after which a crash must lose nothing and double nothing.</summary>
public enum Milestone
{
    /// <summary>Rows of a table's copy went to the sink; the table is not complete.</summary>
    SnapshotRowsWritten,

    /// <summary>A table's copy is durable in the sink, together with the record that it is.</summary>
    TableCopied,

    /// <summary>A batch of the stream went to the sink.</summary>
    BatchWritten,

    /// <summary>A data file is durable, and no index entry names it yet.</summary>
    DataFileDurable,

    /// <summary>An index entry is durable, and no checkpoint says so yet.</summary>
    IndexEntryDurable,

    /// <summary>Everything of a transaction in the target is done but its COMMIT.</summary>
    TargetCommitting,

    /// <summary>A transaction in the target is committed, and nobody heard of it yet.</summary>
    TargetCommitted,

    /// <summary>A DDL and its record are done in the target, and not committed.</summary>
    DdlCommitting,

    /// <summary>A DDL and its record are committed in the target, and nobody heard of it yet.</summary>
    DdlCommitted,

    /// <summary>The checkpoint is saved, and the source was not told yet.</summary>
    CheckpointSaved,

    /// <summary>The source is about to be told what it may forget.</summary>
    BeforeConfirm,
}

/// <summary>Hears of each <see cref="Milestone"/> as it is reached, so that a test can end the process right
/// there.</summary>
/// <remarks>Called on whichever thread reached it, possibly several at a time; the way goes on when the call
/// returns.</remarks>
public interface IMilestones
{
    void Reached(Milestone milestone);
}

/// <summary>Nobody listens.</summary>
public sealed class NoMilestones : IMilestones
{
    public static readonly NoMilestones Instance = new();

    NoMilestones() { }

    public void Reached(Milestone milestone) { }
}
