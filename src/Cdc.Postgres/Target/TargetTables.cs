using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>The tables of the target that rows have come for, as this session knows them.</summary>
/// <remarks>One thread.</remarks>
internal sealed class TargetTables(TableMaker maker)
{
    readonly Dictionary<(TableId, CommitTs), TargetTable> _known = [];
    readonly HashSet<(TableId, CommitTs)> _kept = [];

    public TargetTable Get(TargetSession session, TableSchema schema, CommitTs at)
    {
        (TableId, CommitTs) key = (schema.Id, schema.Since);
        if (_known.TryGetValue(key, out TargetTable? table)) return table;
        if (!TargetTableReader.Exists(session.Connection, schema.Name)) Make(session, schema);
        return _known[key] = TargetTableReader.Read(session.Connection, schema, at);
    }

    // One that was never copied: it has no rows yet, so its keys cost nothing.
    void Make(TargetSession session, TableSchema schema)
    {
        bool isOpen = session.Connection.TransactionStatus != 'I';
        if (!isOpen) session.Run("BEGIN");
        maker.Create(session, schema);
        maker.Finish(session, schema);
        if (!isOpen) session.Run("COMMIT");
    }

    /// <summary>Versions known that are not kept beside the progress yet.</summary>
    public IEnumerable<TableSchema> NotKept() => _known
        .Where(known => !_kept.Contains(known.Key)).Select(static known => known.Value.Schema);

    public void Kept(IEnumerable<TableSchema> versions)
    {
        foreach (TableSchema version in versions) _kept.Add((version.Id, version.Since));
    }

    /// <summary>The target's schema has changed, or the session is another one.</summary>
    public void Forget() => _known.Clear();
}
