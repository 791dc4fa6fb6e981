using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>Reading alone: what the connection and the decoder cost.</summary>
sealed class Blackhole : IScenario
{
    public string Name => "blackhole";

    public BenchOptions Defaults { get; } = new();

    public Workload Workload { get; } = new Inserts();

    public IReadOnlyList<IContender> Contenders(PostgresCluster cluster, BenchPlaces places) =>
    [
        RecvLogical.PgOutput(cluster, places),
        new Product(cluster, places, "cdc run --to blackhole", toFiles: false),
        new Product(cluster, places, "the same again", toFiles: false),
        new Drain(cluster, places),
    ];
}

/// <summary>The log as lines of JSON in files, durable.</summary>
sealed class Ndjson : IScenario
{
    public string Name => "ndjson";

    public BenchOptions Defaults { get; } = new();

    public Workload Workload { get; } = new Inserts();

    public IReadOnlyList<IContender> Contenders(PostgresCluster cluster, BenchPlaces places) =>
    [
        RecvLogical.Wal2Json(cluster, places),
        new Product(cluster, places, "cdc run --to files", toFiles: true),
        new Product(cluster, places, "the same again", toFiles: true),
        new Product(cluster, places, "the same, counting allocations", toFiles: true) { CountsAllocations = true },
    ];
}

/// <summary>A table as lines of JSON in files, durable.</summary>
sealed class Snapshot : IScenario
{
    public string Name => "snapshot";

    public BenchOptions Defaults { get; } = new();

    public Workload Workload { get; } = new Inserts();

    public IReadOnlyList<IContender> Contenders(PostgresCluster cluster, BenchPlaces places) =>
    [
        new CopyTo(cluster, places),
        new Product(cluster, places, "cdc run --snapshot only", toFiles: true) { CopiesTables = true },
        new Product(cluster, places, "the same again", toFiles: true) { CopiesTables = true },
        new Product(cluster, places, "the same, counting allocations", toFiles: true)
        {
            CopiesTables = true,
            CountsAllocations = true,
        },
    ];
}

/// <summary>One transaction that is larger than memory may be: how much memory it takes.</summary>
sealed class Large : IScenario
{
    public string Name => "large";

    public BenchOptions Defaults { get; } = new() { Rounds = 1, Transactions = 1, RowsPerTransaction = 5_000_000 };

    public Workload Workload { get; } = new Inserts();

    public IReadOnlyList<IContender> Contenders(PostgresCluster cluster, BenchPlaces places) =>
    [
        RecvLogical.Wal2Json(cluster, places),
        new Product(cluster, places, "cdc run --to files", toFiles: true),
    ];
}
