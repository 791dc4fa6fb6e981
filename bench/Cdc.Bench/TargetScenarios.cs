using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>A backlog applied to another database.</summary>
sealed class Apply(string name, Workload workload) : IScenario
{
    public string Name => name;

    public BenchOptions Defaults { get; } = new() { Rounds = 3 };

    public Workload Workload => workload;

    public IReadOnlyList<IContender> Contenders(PostgresCluster cluster, BenchPlaces places) =>
    [
        new NativeSubscription(cluster, places, workload),
        new ProductToDatabase(cluster, places, "cdc run --to postgres://", workload),
        new ProductToDatabase(cluster, places, "the same again", workload),
        new Drain(cluster, places),
    ];
}

/// <summary>The same over a slow way: ours beside the source, ours beside the target, and a subscription, which is
/// always beside the target.</summary>
sealed class Far(TimeSpan roundTrip) : IScenario
{
    public string Name => $"far-{roundTrip.TotalMilliseconds}";

    public BenchOptions Defaults { get; } = new() { Rounds = 3 };

    public Workload Workload { get; } = new Inserts();

    public IReadOnlyList<IContender> Contenders(PostgresCluster cluster, BenchPlaces places) =>
    [
        new NativeSubscription(cluster, places, Workload, roundTrip),
        new ProductToDatabase(cluster, places, "cdc run beside the source", Workload) { TargetDelay = roundTrip },
        new ProductToDatabase(cluster, places, "cdc run beside the target", Workload) { SourceDelay = roundTrip },
    ];
}

/// <summary>Ten tables copied into another database, with their keys and indexes.</summary>
sealed class DatabaseCopy : IScenario
{
    public string Name => "copy";

    public BenchOptions Defaults { get; } = new() { Rounds = 3, Transactions = 100_000 };

    public Workload Workload { get; } = new TenTables();

    public IReadOnlyList<IContender> Contenders(PostgresCluster cluster, BenchPlaces places) =>
    [
        new DumpAndRestore(cluster, places, Workload),
        new ProductToDatabase(cluster, places, "cdc run --snapshot only", Workload),
        new ProductToDatabase(cluster, places, "the same again", Workload),
    ];
}

/// <summary>How long a small transaction takes to be seen on the other side, under a steady load.</summary>
sealed class Latency : IScenario
{
    public string Name => "latency";

    public BenchOptions Defaults { get; } = new() { Rounds = 3, Transactions = 10_000, RowsPerTransaction = 1 };

    public Workload Workload { get; } = new Nothing();

    public IReadOnlyList<IContender> Contenders(PostgresCluster cluster, BenchPlaces places) =>
    [
        new SteadyLoad(cluster, places, "native subscription", SteadyLoad.SubscribeAsync),
        new SteadyLoad(cluster, places, "cdc run --to postgres://", SteadyLoad.RunProductAsync),
        new SteadyLoad(cluster, places, "the same again", SteadyLoad.RunProductAsync),
    ];
}
