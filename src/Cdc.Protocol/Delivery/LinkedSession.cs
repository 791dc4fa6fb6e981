using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Sessions;

namespace Cdc.Protocol.Delivery;

/// <summary>One dispatcher's items between collector and manager: one hand-over is under way at a time.</summary>
sealed class LinkedSession(SessionTarget target, ulong registration)
{
    readonly Queue<Effect> _items = new();
    SessionEpoch _epoch = SessionEpoch.None.Next;
    long _bytesHandedOver;
    bool _isInStep;
    bool _isBusy;
    bool _isFollowing;

    public SessionTarget Target { get; } = target;
    public ulong Registration { get; } = registration;

    /// <summary>Whether the collector excepts it from what it resolves.</summary>
    public bool IsExcused { get; set; }

    public void Add(Effect item)
    {
        _isFollowing = false;
        _items.Enqueue(item);
    }

    /// <summary>Hands the next item over, unless one is under way; rows that lie side by side go together.</summary>
    public void HandOver(Action<Input> toManager)
    {
        if (_isBusy || !_items.TryDequeue(out Effect? first)) return;
        _isBusy = true;
        if (first is DeliverBlock block)
        {
            toManager(new BlockArrived(
                Target.Mode, Target.Dispatcher, Target.Owner, Registration, _epoch, block.Event, block.Payload));
            return;
        }

        var batches = ImmutableArray.CreateBuilder<RowBatch>();
        Batch((DeliverRows)first, batches);
        while (_items.TryPeek(out Effect? next) && next is DeliverRows rows && !(rows.IsFirst && _isInStep))
        {
            _items.Dequeue();
            Batch(rows, batches);
        }

        toManager(new RowsArrived(
            Target.Mode, Target.Dispatcher, Target.Owner, Registration, _epoch, batches.ToImmutable()));
    }

    /// <summary>The hand-over under way is taken.</summary>
    /// <returns>The bytes that are free again.</returns>
    public long Wake()
    {
        _isBusy = false;
        long bytes = _bytesHandedOver;
        _bytesHandedOver = 0;
        return bytes;
    }

    /// <summary>Gives up everything.</summary>
    public long Release()
    {
        long bytes = _bytesHandedOver;
        foreach (Effect item in _items)
        {
            if (item is DeliverRows rows) bytes += rows.Payload.Length;
        }

        _items.Clear();
        _bytesHandedOver = 0;
        return bytes;
    }

    /// <summary>Follows what is resolved, once everything here is taken.</summary>
    /// <returns>Whether it follows now.</returns>
    public bool Follow(CommitTs resolved, ulong stream, Action<Input> toManager)
    {
        if (_isFollowing) return true;
        if (_isBusy || _items.Count > 0 || IsExcused) return false;
        _isFollowing = true;
        toManager(new SessionCaughtUp(
            Target.Mode, Target.Dispatcher, Target.Owner, Registration, _epoch, stream, resolved));
        return true;
    }

    public void FallBehind(Action<Input> toManager)
    {
        if (!_isFollowing) return;
        _isFollowing = false;
        toManager(new SessionFellBehind(Target.Mode, Target.Dispatcher, Target.Owner, Registration));
    }

    void Batch(DeliverRows rows, ImmutableArray<RowBatch>.Builder batches)
    {
        // A step that begins again makes void what came of it before.
        if (rows.IsFirst && _isInStep) _epoch = _epoch.Next;
        _isInStep = !rows.IsLast;
        _bytesHandedOver += rows.Payload.Length;
        batches.Add(new(rows.At, rows.IsLast, rows.Payload));
    }
}
