using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>Reading alone: what the connection and the decoder cost.</summary>
sealed class Blackhole : IScenario
{
    public string Name => "blackhole";

    public IReadOnlyList<IContender> Contenders(PostgresCluster cluster, string directory) =>
        [new RecvLogical(directory), new Drain(directory)];
}
