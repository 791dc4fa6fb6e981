using Cdc.Protocol;

namespace Cdc.Embedded.Running;

/// <summary>What a run is busy with.</summary>
public enum RunPhase
{
    Starting,
    Copying,
    Streaming,
    /// <summary>Source or target can't be reached; it is tried again.</summary>
    Retrying,
    Stopping,
    Ended,
}

/// <summary>One look at a run, for people and programs. Counts are since this run began.</summary>
/// <param name="CopiedRows">Rows of tables copied.</param>
/// <param name="ExpectedRows">Estimated rows to copy in all; -1 if unknown.</param>
/// <param name="Rows">Rows of the stream handed to the sink; those that another sink got again count again.</param>
/// <param name="CommitTime">Commit time of the last transaction received; null before the first, and where the
/// source's clock was beyond what a calendar holds.</param>
/// <param name="Doing">What it waits for, as a sentence; empty when it waits for nothing in particular.</param>
public sealed record ChangefeedProgress(
    RunPhase Phase, int TablesCopied, int Tables, long CopiedRows, long ExpectedRows, long Rows, long Bytes,
    CommitTs Received, CommitTs Checkpoint, DateTimeOffset? CommitTime, string Doing);

/// <summary>How a run ended.</summary>
/// <param name="ReachedUntil">The condition was met; otherwise it was asked to stop, or its reader went away.</param>
/// <param name="IsCopied">Every table's copy is complete. Until then the checkpoint is only where the stream will
/// begin.</param>
public sealed record RunResult(
    CommitTs Checkpoint, bool ReachedUntil, bool IsCopied, IReadOnlyList<string> LeftBehind);
