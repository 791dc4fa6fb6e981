using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>One comparison: the same work, done by others' tools and by us in turn.</summary>
interface IScenario
{
    string Name { get; }

    /// <summary>What it runs with unless the command line says otherwise.</summary>
    BenchOptions Defaults { get; }

    Workload Workload { get; }

    /// <summary>What is compared. The first is the bar that the others are measured by.</summary>
    IReadOnlyList<IContender> Contenders(PostgresCluster cluster, BenchPlaces places);
}

/// <summary>One way to do the work. A run is told from all others by its number.</summary>
interface IContender
{
    string Name { get; }

    /// <summary>Makes what a run needs from before the log was written: its slot.</summary>
    Task PrepareAsync(int run);

    /// <summary>Does the whole work once, in a process of its own, timed from its start to its end.</summary>
    Task<Measurement> RunAsync(Backlog backlog, int run);

    /// <summary>Removes what a run has left on the server and on disk.</summary>
    Task CleanAsync(int run);
}

/// <summary>What one run took. Zero where it isn't known.</summary>
/// <param name="Elapsed">From the start of the process to its end.</param>
sealed record Measurement(TimeSpan Elapsed)
{
    public TimeSpan Processor { get; init; }
    public long AllocatedBytes { get; init; }
    public long PeakBytes { get; init; }
    public long Rows { get; init; }

    /// <summary>From COMMIT's answer to the row's being seen in the target.</summary>
    public TimeSpan LatencyMedian { get; init; }

    public TimeSpan LatencyMost { get; init; }
}

/// <summary>Where a benchmark finds the program, and where it may write.</summary>
/// <param name="Program">The published cdc.dll.</param>
sealed record BenchPlaces(string Directory, string Program)
{
    /// <summary>The server that is written to.</summary>
    public required PostgresCluster Target { get; init; }

    public string File(string name) => Path.Combine(Directory, name);
}
