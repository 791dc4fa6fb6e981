using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Dispatching;

/// <summary>What the dispatchers of a mode have to say of block events until it is drained: the first of the stages
/// that keep identical reports once.</summary>
/// <remarks>Different reports keep their order. WAITING and DONE only say how things are, so one that waits here
/// already may be left out; SCHEDULED has effects, and never is.</remarks>
sealed class BlockStatusBuffer
{
    readonly Queue<Entry> _entries = new();
    readonly HashSet<BlockStatusKey> _waiting = [];

    /// <summary>Of a DONE only the key is kept: its report is made when it is drained.</summary>
    readonly record struct Entry(BlockStatusKey Key, BlockStatus? Status);

    public int Count => _entries.Count;

    public void Offer(BlockStatus status)
    {
        BlockStatusKey key = BlockStatusKey.Of(status);
        if (status.Stage != BlockStage.Scheduled && !_waiting.Add(key)) return;
        _entries.Enqueue(new(key, status));
    }

    public void OfferDone(DispatcherId dispatcher, Owner owner, BlockEventId id, BlockAction action)
    {
        BlockStatusKey key = new(dispatcher, owner, id, BlockStage.Done, action);
        if (_waiting.Add(key)) _entries.Enqueue(new(key, null));
    }

    /// <summary>Takes at most so many, in order; what was taken may be offered again.</summary>
    public ImmutableArray<BlockStatus> Drain(int most)
    {
        var taken = ImmutableArray.CreateBuilder<BlockStatus>(Math.Min(most, _entries.Count));
        while (taken.Count < most && _entries.TryDequeue(out Entry entry))
        {
            _waiting.Remove(entry.Key);
            taken.Add(entry.Status ?? entry.Key.ToDone());
        }

        return taken.DrainToImmutable();
    }

    public void Clear()
    {
        _entries.Clear();
        _waiting.Clear();
    }
}

/// <summary>What makes two reports the same.</summary>
readonly record struct BlockStatusKey(
    DispatcherId Dispatcher, Owner Owner, BlockEventId Event, BlockStage Stage, BlockAction Action)
{
    public static BlockStatusKey Of(BlockStatus status) =>
        new(status.Dispatcher, status.Owner, status.Event, status.Stage, status.Action ?? default);

    public BlockStatus ToDone() => new(Dispatcher, Owner, Event, BlockStage.Done, Action, null);
}
