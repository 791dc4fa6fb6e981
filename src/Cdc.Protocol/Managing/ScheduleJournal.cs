using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>What a manager was told to make or remove, and has not finished, in the order of ids.</summary>
sealed class ScheduleJournal
{
    readonly SortedDictionary<DispatcherId, JournalEntry> _creates = [];
    readonly SortedDictionary<DispatcherId, JournalEntry> _removes = [];

    public bool HasCreates => _creates.Count > 0;

    public JournalEntry? Create(DispatcherId id) => _creates.GetValueOrDefault(id);

    /// <summary>The greater owner stays.</summary>
    public void AddCreate(JournalEntry entry)
    {
        if (_creates.TryGetValue(entry.Item.Id, out JournalEntry? known) && known.Item.Owner > entry.Item.Owner) return;
        _creates[entry.Item.Id] = entry;
    }

    /// <summary>Forgets a create that the remove of this owner overtakes.</summary>
    public void ForgetCreate(DispatcherId id, Owner upTo)
    {
        if (_creates.TryGetValue(id, out JournalEntry? entry) && entry.Item.Owner <= upTo) _creates.Remove(id);
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

        foreach (DispatcherId id in stale) _creates.Remove(id);
    }

    public void AddRemove(JournalEntry entry) => _removes[entry.Item.Id] = entry;

    public void RemoveFinished(DispatcherId id) => _removes.Remove(id);

    /// <summary>The creates that wait, in order, as they are now.</summary>
    public ImmutableArray<JournalEntry> Creates() => [.. _creates.Values];

    public void Clear()
    {
        _creates.Clear();
        _removes.Clear();
    }

    public void Describe(Mode mode, ImmutableArray<OperationSnapshot>.Builder to)
    {
        foreach (JournalEntry entry in _removes.Values) to.Add(new(entry.Epoch, mode, entry.Item, null));
        foreach (JournalEntry entry in _creates.Values) to.Add(new(entry.Epoch, mode, entry.Item, null));
    }
}

/// <param name="Epoch">Of the maintainer that said so.</param>
sealed record JournalEntry(Epoch Epoch, ScheduleItem Item);
