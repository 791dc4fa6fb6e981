using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>Everything that ever happened to one table in the source.</summary>
public sealed class TableHistory(TableId table, string schema, bool isSplittable, CommitTs created)
{
    readonly Dictionary<uint, List<(CommitTs At, ulong Value)>> _keys = [];
    readonly List<CommitTs> _truncates = [];
    readonly List<CommitTs> _reshapes = [];
    readonly List<(CommitTs At, BlockEventId Event)> _ddl = [];
    readonly List<(CommitTs At, string Schema)> _schemas = [(created, schema)];

    public TableId Table { get; } = table;
    public bool IsSplittable { get; } = isSplittable;
    public CommitTs Created { get; } = created;
    public CommitTs? Dropped { get; set; }

    /// <summary>The shape of rows that are written now.</summary>
    public uint Shape => ShapeAt(new(ulong.MaxValue, 0));

    /// <summary>The table's schema now.</summary>
    public string Schema => _schemas[^1].Schema;

    public IReadOnlyDictionary<uint, List<(CommitTs At, ulong Value)>> Keys => _keys;

    /// <summary>The DDL that changes this table, in order.</summary>
    public IReadOnlyList<(CommitTs At, BlockEventId Event)> Ddl => _ddl;

    public bool IsThereAt(CommitTs at) => Created <= at && (Dropped is not { } dropped || dropped > at);

    public string SchemaAt(CommitTs at)
    {
        int i = _schemas.Count - 1;
        while (i > 0 && _schemas[i].At > at) i--;
        return _schemas[i].Schema;
    }

    public void Add(CommitTs at, RowChange row)
    {
        if (!_keys.TryGetValue(row.Key, out var changes)) _keys[row.Key] = changes = [];
        changes.Add((at, row.Value));
    }

    public void AddDdl(BlockEventId id) => _ddl.Add((id.At, id));

    public void Reshape(CommitTs at) => _reshapes.Add(at);

    public uint ShapeAt(CommitTs at)
    {
        uint shape = 1;
        foreach (CommitTs reshape in _reshapes)
        {
            if (reshape <= at) shape++;
        }

        return shape;
    }

    public void Truncate(CommitTs at) => _truncates.Add(at);

    public void MoveTo(CommitTs at, string schema) => _schemas.Add((at, schema));

    /// <summary>The change of a key directly before a position; Zero: none.</summary>
    public CommitTs ChangeBefore(uint key, CommitTs at)
    {
        if (!_keys.TryGetValue(key, out var changes)) return CommitTs.Zero;
        for (int i = changes.Count - 1; i >= 0; i--)
        {
            if (changes[i].At < at) return changes[i].At;
        }

        return CommitTs.Zero;
    }

    /// <summary>What a key holds once everything up to a position is applied; 0: nothing.</summary>
    public ulong ValueAt(uint key, CommitTs at)
    {
        if (!_keys.TryGetValue(key, out var changes)) return 0;
        for (int i = changes.Count - 1; i >= 0; i--)
        {
            if (changes[i].At > at) continue;
            foreach (CommitTs truncate in _truncates)
            {
                if (truncate > changes[i].At && truncate <= at) return 0;
            }

            return changes[i].Value;
        }

        return 0;
    }
}
