namespace Cdc.Simulator.Cluster;

/// <summary>What one life of a node runs of the changefeed.</summary>
public sealed class Machine(SimNode node)
{
    public SimNode Node { get; } = node;
    public required RoleHost Manager { get; init; }
    public required RoleHost Collector { get; init; }
}
