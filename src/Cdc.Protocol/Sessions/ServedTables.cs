namespace Cdc.Protocol.Sessions;

/// <summary>The sessions of a service by table, so that a table's rows cost its own sessions only.</summary>
internal sealed class ServedTables
{
    readonly Dictionary<TableId, List<ServedSession>> _byTable = [];

    public bool IsEmpty => _byTable.Count == 0;

    public IReadOnlyList<ServedSession> Of(TableId table) =>
        _byTable.TryGetValue(table, out List<ServedSession>? sessions) ? sessions : [];

    public void Add(ServedSession session)
    {
        if (!_byTable.TryGetValue(session.Span.Table, out List<ServedSession>? sessions))
            _byTable.Add(session.Span.Table, sessions = []);
        sessions.Add(session);
    }

    public void Remove(ServedSession session)
    {
        if (!_byTable.TryGetValue(session.Span.Table, out List<ServedSession>? sessions)) return;
        sessions.Remove(session);
        if (sessions.Count == 0) _byTable.Remove(session.Span.Table);
    }
}
