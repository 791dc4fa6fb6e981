using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>What a manager was told to make or remove, and has not finished, in the order of ids.</summary>
sealed class ScheduleJournal
{
    readonly SortedDictionary<DispatcherId, JournalEntry> _creates = [];
    readonly SortedDictionary<DispatcherId, JournalEntry> _removes = [];
    readonly Dictionary<TableId, SortedSet<DispatcherId>> _createsOf = [];

    public JournalEntry? Create(DispatcherId id) => _creates.GetValueOrDefault(id);

    /// <summary>The greater owner stays.</summary>
    public void AddCreate(JournalEntry entry)
    {
        if (_creates.TryGetValue(entry.Item.Id, out JournalEntry? known) && known.Item.Owner > entry.Item.Owner) return;
        RemoveCreate(entry.Item.Id);
        _creates[entry.Item.Id] = entry;
        if (!_createsOf.TryGetValue(entry.Item.Span.Table, out SortedSet<DispatcherId>? ofTable))
            _createsOf.Add(entry.Item.Span.Table, ofTable = []);
        ofTable.Add(entry.Item.Id);
    }

    /// <summary>Forgets a create that the remove of this owner overtakes.</summary>
    public void ForgetCreate(DispatcherId id, Owner upTo)
    {
        if (_creates.TryGetValue(id, out JournalEntry? entry) && entry.Item.Owner <= upTo) RemoveCreate(id);
    }

    /// <summary>Forgets what a maintainer before <paramref name="current"/> wanted made: the present one plans
    /// without it.</summary>
    public void ForgetStaleCreates(Epoch current)
    {
        List<DispatcherId> stale = [];
        foreach ((DispatcherId id, JournalEntry entry) in _creates)
        {
            if (entry.Epoch < current) stale.Add(id);
        }

        foreach (DispatcherId id in stale) RemoveCreate(id);
    }

    public void AddRemove(JournalEntry entry) => _removes[entry.Item.Id] = entry;

    public void RemoveFinished(DispatcherId id) => _removes.Remove(id);

    /// <summary>The creates of a table that wait, in order, as they are now.</summary>
    public ImmutableArray<JournalEntry> CreatesOf(TableId table) =>
        _createsOf.TryGetValue(table, out SortedSet<DispatcherId>? ids) ? [.. ids.Select(id => _creates[id])] : [];

    public void Clear()
    {
        _creates.Clear();
        _createsOf.Clear();
        _removes.Clear();
    }

    public void Describe(Mode mode, ImmutableArray<OperationSnapshot>.Builder to)
    {
        foreach (JournalEntry entry in _removes.Values) to.Add(new(entry.Epoch, mode, entry.Item, null));
        foreach (JournalEntry entry in _creates.Values) to.Add(new(entry.Epoch, mode, entry.Item, null));
    }

    void RemoveCreate(DispatcherId id)
    {
        if (!_creates.Remove(id, out JournalEntry? entry)) return;
        SortedSet<DispatcherId> ofTable = _createsOf[entry.Item.Span.Table];
        ofTable.Remove(id);
        if (ofTable.Count == 0) _createsOf.Remove(entry.Item.Span.Table);
    }
}

/// <param name="Epoch">Of the maintainer that said so.</param>
sealed record JournalEntry(Epoch Epoch, ScheduleItem Item);
