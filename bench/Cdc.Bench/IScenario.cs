using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>One comparison: the same log, read by others' tools and by us in turn.</summary>
interface IScenario
{
    string Name { get; }

    /// <summary>What is compared. The first is the bar that the others are measured by.</summary>
    IReadOnlyList<IContender> Contenders(PostgresCluster cluster, string directory);
}

/// <summary>One way to do the work.</summary>
interface IContender
{
    string Name { get; }

    /// <summary>Reads the whole backlog from a slot of its own, to its end.</summary>
    Task<Measurement> RunAsync(Backlog backlog, string slot);
}

/// <summary>What one run took. Zero where it can't be known of a foreign process.</summary>
/// <param name="Elapsed">From the start of the process to its end.</param>
sealed record Measurement(TimeSpan Elapsed)
{
    public TimeSpan Inside { get; init; }
    public TimeSpan Processor { get; init; }
    public long AllocatedBytes { get; init; }
    public long PeakBytes { get; init; }
    public long Rows { get; init; }
}
