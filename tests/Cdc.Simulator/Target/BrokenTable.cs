using Cdc.Protocol;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>One table whose rows the target refuses until it is parked: only that gets past it.</summary>
public sealed class BrokenTable(Swarm swarm, ModelSource source, Rng rng)
{
    /// <summary>Which; null: none.</summary>
    public TableId? Table { get; private set; }

    public bool Fails(TableId table) => Table == table;

    public void Break()
    {
        TableId[] tables = [.. source.Tables.Values.Where(static t => t.Dropped is null).Select(static t => t.Table)];
        if (swarm.Breaks is not null && tables.Length > 0) Table = rng.Pick(tables);
    }

    public void Mend() => Table = null;
}
