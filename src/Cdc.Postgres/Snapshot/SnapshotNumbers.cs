using Cdc.Protocol;

namespace Cdc.Postgres.Snapshot;

/// <summary>Gives every row of one snapshot a position and number of its own, whichever worker reads it.</summary>
/// <remarks>Any thread. Numbers are taken in runs; what a worker leaves of its last run stays unused.</remarks>
internal sealed class SnapshotNumbers(ulong commit)
{
    /// <summary>Rows of one run. It divides the numbers of one step, so no run lies in two.</summary>
    public const int Run = 65_536;

    long _next;

    /// <summary>The step that the run's rows have, and the number of the first.</summary>
    public (CommitTs Ts, uint First) Take()
    {
        ulong first = (ulong)(Interlocked.Add(ref _next, Run) - Run);
        uint step = CommitTs.FirstSnapshotStep + (uint)(first >> 32);
        Engine.Check.That(step < CommitTs.MaxStep);
        return (new(commit, step), (uint)first);
    }
}
