using Cdc.Protocol.Dispatching;

namespace Cdc.Protocol.Managing;

/// <summary>The dispatchers of one mode on a node, by id, schema and table. Lists have a fixed order, which removing
/// changes; walk them backwards where something may be removed.</summary>
sealed class DispatcherSet
{
    readonly Dictionary<DispatcherId, Dispatcher> _byId = [];
    readonly Dictionary<string, List<Dispatcher>> _bySchema = new(StringComparer.Ordinal);
    readonly Dictionary<TableId, List<Dispatcher>> _byTable = [];
    readonly List<Dispatcher> _all = [];

    public IReadOnlyList<Dispatcher> All => _all;

    public Dispatcher? Find(DispatcherId id) => _byId.GetValueOrDefault(id);

    /// <summary>This incarnation; null: it is not here, or not any more.</summary>
    public Dispatcher? Find(DispatcherId id, Owner owner) =>
        _byId.TryGetValue(id, out Dispatcher? found) && found.Owner == owner ? found : null;

    public IReadOnlyList<Dispatcher> OfSchema(string schema) =>
        _bySchema.TryGetValue(schema, out List<Dispatcher>? list) ? list : [];

    public void Add(Dispatcher dispatcher)
    {
        _byId.Add(dispatcher.Id, dispatcher);
        dispatcher.Places.InList = _all.Count;
        _all.Add(dispatcher);
        if (!_byTable.TryGetValue(dispatcher.Span.Table, out List<Dispatcher>? ofTable))
        {
            _byTable[dispatcher.Span.Table] = ofTable = [];
        }

        ofTable.Add(dispatcher);
        PutInSchema(dispatcher);
    }

    public void Remove(Dispatcher dispatcher)
    {
        _byId.Remove(dispatcher.Id);
        int index = dispatcher.Places.InList;
        Dispatcher last = _all[^1];
        (_all[index], last.Places.InList) = (last, index);
        _all.RemoveAt(_all.Count - 1);
        dispatcher.Places.InList = -1;
        List<Dispatcher> ofTable = _byTable[dispatcher.Span.Table];
        ofTable.Remove(dispatcher);
        if (ofTable.Count == 0) _byTable.Remove(dispatcher.Span.Table);
        TakeFromSchema(dispatcher);
    }

    /// <summary>After its table may have changed its schema.</summary>
    public void PutInSchema(Dispatcher dispatcher)
    {
        if (dispatcher.Places.Schema == dispatcher.Schema) return;
        TakeFromSchema(dispatcher);
        if (!_bySchema.TryGetValue(dispatcher.Schema, out List<Dispatcher>? list))
        {
            _bySchema[dispatcher.Schema] = list = [];
        }

        dispatcher.Places.Schema = dispatcher.Schema;
        dispatcher.Places.InSchema = list.Count;
        list.Add(dispatcher);
    }

    /// <summary>Whether another dispatcher of the table has hashes of this interval.</summary>
    public bool IsOverlapped(TableSpan span)
    {
        if (!_byTable.TryGetValue(span.Table, out List<Dispatcher>? ofTable)) return false;
        foreach (Dispatcher dispatcher in ofTable)
        {
            if (dispatcher.Span.Overlaps(span)) return true;
        }

        return false;
    }

    void TakeFromSchema(Dispatcher dispatcher)
    {
        if (dispatcher.Places.Schema is not { } schema) return;
        List<Dispatcher> list = _bySchema[schema];
        int index = dispatcher.Places.InSchema;
        Dispatcher last = list[^1];
        (list[index], last.Places.InSchema) = (last, index);
        list.RemoveAt(list.Count - 1);
        if (list.Count == 0) _bySchema.Remove(schema);
        (dispatcher.Places.Schema, dispatcher.Places.InSchema) = (null, -1);
    }
}
