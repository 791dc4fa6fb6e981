using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>Everything that ever happened to one table in the source.</summary>
public sealed class TableHistory(TableId table, string schema, bool isSplittable, CommitTs created)
{
    readonly Dictionary<uint, List<(CommitTs At, ulong Value)>> _keys = [];
    readonly List<CommitTs> _truncates = [];
    readonly List<CommitTs> _reshapes = [];
    readonly List<(CommitTs At, BlockEventId Event)> _ddl = [];
    readonly Dictionary<(CommitTs At, uint Key), uint> _keyChanges = [];
    readonly List<(CommitTs At, string Schema)> _schemas = [(created, schema)];

    public TableId Table { get; } = table;
    public CommitTs Created { get; } = created;

    /// <summary>Whether its rows have keys. Without, rows are only added, all under one hash, and may be alike.</summary>
    public bool HasKey { get; init; } = true;

    public CommitTs? Dropped { get; set; }

    /// <summary>Where it gets a unique column, which only a table that is not split can have.</summary>
    public CommitTs? UniqueFrom { get; private set; }

    /// <summary>From here on it may not be in several spans.</summary>
    public CommitTs? WholeFrom { get; private set; }

    /// <summary>The last copy of it that the target took: what was done up to there need not be done again.</summary>
    public CommitTs CopiedAt { get; set; }

    /// <summary>The shape of rows that are written now.</summary>
    public uint Shape => ShapeAt(new(ulong.MaxValue, 0));

    /// <summary>The table's schema now.</summary>
    public string Schema => _schemas[^1].Schema;

    public IReadOnlyDictionary<uint, List<(CommitTs At, ulong Value)>> Keys => _keys;

    /// <summary>The DDL that changes this table, in order.</summary>
    public IReadOnlyList<(CommitTs At, BlockEventId Event)> Ddl => _ddl;

    public bool IsThereAt(CommitTs at) => Created <= at && (Dropped is not { } dropped || dropped > at);

    public bool IsUniqueAt(CommitTs at) => UniqueFrom <= at;

    /// <summary>Whether it may be in several spans as of a position.</summary>
    public bool IsSplittableAt(CommitTs at) => isSplittable && !(WholeFrom <= at);

    /// <summary>Whether it may be in several spans now.</summary>
    public bool IsSplittable => isSplittable && WholeFrom is null;

    public void ForbidSplit(CommitTs at) => WholeFrom ??= at;

    public void AddUnique(CommitTs at)
    {
        UniqueFrom = at;
        ForbidSplit(at);
    }

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

    /// <summary>A row goes from one key to another.</summary>
    public void ChangeKey(CommitTs at, uint from, uint to)
    {
        _keyChanges[(at, from)] = to;
        _keyChanges[(at, to)] = from;
    }

    /// <summary>The other key of a key change; null: the change of this key is none.</summary>
    public uint? OtherKey(CommitTs at, uint key) =>
        _keyChanges.Count > 0 && _keyChanges.TryGetValue((at, key), out uint other) ? other : null;

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

    /// <summary>How many changes of a key lie before a position.</summary>
    public int IndexOf(uint key, CommitTs at)
    {
        if (!_keys.TryGetValue(key, out var changes)) return 0;
        int i = changes.Count;
        while (i > 0 && changes[i - 1].At >= at) i--;
        return i;
    }

    /// <summary>How many changes of a key there are up to a position.</summary>
    public int CountUpTo(uint key, CommitTs at)
    {
        if (!_keys.TryGetValue(key, out var changes)) return 0;
        int i = changes.Count;
        while (i > 0 && changes[i - 1].At > at) i--;
        return i;
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
