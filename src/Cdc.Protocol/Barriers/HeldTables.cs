using System.Collections.Immutable;

namespace Cdc.Protocol.Barriers;

/// <summary>The tables that a failure holds while a barrier needs them, and since when.</summary>
internal sealed class HeldTables
{
    readonly SortedDictionary<TableId, Wait> _waits = [];
    readonly List<TableId> _stale = [];

    /// <summary>A barrier has looked, and needs this table, and a failure holds it.</summary>
    public void Needed(TableId table, TimeSpan now)
    {
        if (_waits.TryGetValue(table, out Wait? wait)) wait.Seen = now;
        else _waits.Add(table, new Wait { Since = now, Seen = now });
    }

    /// <summary>Since when a barrier has waited for it; null: none does.</summary>
    public TimeSpan? Since(TableId table) => _waits.TryGetValue(table, out Wait? wait) ? wait.Since : null;

    /// <summary>The tables that a barrier has waited for too long, each once per wait.</summary>
    public ImmutableArray<TableId> TakeOverdue(TimeSpan now)
    {
        if (_waits.Count == 0) return [];
        ImmutableArray<TableId>.Builder overdue = ImmutableArray.CreateBuilder<TableId>();
        foreach ((TableId table, Wait wait) in _waits)
        {
            if (now - wait.Seen >= BarrierLimits.HeldForget)
            {
                _stale.Add(table);
            }
            else if (!wait.IsSaid && now - wait.Since >= BarrierLimits.HeldWait)
            {
                wait.IsSaid = true;
                overdue.Add(table);
            }
        }

        foreach (TableId table in _stale) _waits.Remove(table);
        _stale.Clear();
        return overdue.ToImmutable();
    }

    sealed class Wait
    {
        public TimeSpan Since { get; init; }
        public TimeSpan Seen { get; set; }
        public bool IsSaid { get; set; }
    }
}
