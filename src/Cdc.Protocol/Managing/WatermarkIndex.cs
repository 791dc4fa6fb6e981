using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>The smallest checkpoint over a mode's dispatchers, without asking all of them.</summary>
/// <remarks>Those that have nothing but what the stream has resolved are only counted; the others are in a
/// heap.</remarks>
sealed class WatermarkIndex(DispatcherShared shared, DispatcherSet set)
{
    readonly List<Dispatcher> _heap = [];
    readonly List<Dispatcher> _joining = [];
    ImmutableArray<DispatcherKey> _except = [];
    long _exceptions;

    /// <summary>Null: there are none.</summary>
    public CommitTs? Smallest
    {
        get
        {
            CommitTs? smallest = _heap.Count > 0 ? _heap[0].Places.Key : null;
            if (shared.Resolved.Idle == 0) return smallest;
            return smallest is { } heap && heap < shared.Resolved.Ts ? heap : shared.Resolved.Ts;
        }
    }

    /// <summary>After anything about a dispatcher may have changed.</summary>
    public void Update(Dispatcher dispatcher)
    {
        DispatcherPlaces places = dispatcher.Places;
        // Its sources still have their checkpoints, and it has none.
        if (dispatcher.State == ComponentState.Preparing)
        {
            Remove(dispatcher);
            return;
        }

        bool isIdle = dispatcher.IsIdle;
        if (isIdle != places.IsIdle)
        {
            places.IsIdle = isIdle;
            shared.Resolved.Idle += isIdle ? 1 : -1;
        }

        if (isIdle)
        {
            Take(dispatcher);
            return;
        }

        places.Key = dispatcher.Checkpoint;
        if (places.InHeap < 0)
        {
            places.InHeap = _heap.Count;
            _heap.Add(dispatcher);
        }

        Sift(places.InHeap);
        if (!dispatcher.Follows || dispatcher.IsAhead) Join(dispatcher);
    }

    public void Remove(Dispatcher dispatcher)
    {
        if (dispatcher.Places.IsIdle) shared.Resolved.Idle--;
        dispatcher.Places.IsIdle = false;
        Take(dispatcher);
    }

    /// <summary>The sessions have come so far: most dispatchers need not hear of it.</summary>
    public void Raise(ResolvedArrived resolved)
    {
        bool isChanged = resolved.Except != _except;
        ImmutableArray<DispatcherKey> before = _except;
        if (isChanged) Leave(resolved.Except);
        if (resolved.Ts > shared.Resolved.Ts) shared.Resolved.Ts = resolved.Ts;
        if (isChanged) Come(before, resolved);
        int joining = _joining.Count;
        for (int i = 0; i < joining; i++)
        {
            Dispatcher dispatcher = _joining[i];
            dispatcher.Places.IsJoining = false;
            Follow(dispatcher, resolved);
        }

        _joining.RemoveRange(0, joining);
    }

    /// <summary>Those that are excepted from here on: what was said before held for them.</summary>
    void Leave(ImmutableArray<DispatcherKey> except)
    {
        _exceptions++;
        _except = except;
        if (except.IsDefault) return;
        foreach (DispatcherKey key in except)
        {
            if (key.Mode != shared.Mode || set.Find(key.Dispatcher, key.Owner) is not { } dispatcher) continue;
            dispatcher.Places.Excepted = _exceptions;
            dispatcher.Unfollow();
            Update(dispatcher);
        }
    }

    /// <summary>Those that are not excepted any more.</summary>
    void Come(ImmutableArray<DispatcherKey> before, ResolvedArrived resolved)
    {
        if (before.IsDefault) return;
        foreach (DispatcherKey key in before)
        {
            if (key.Mode != shared.Mode || set.Find(key.Dispatcher, key.Owner) is not { } dispatcher) continue;
            Follow(dispatcher, resolved);
        }
    }

    void Follow(Dispatcher dispatcher, ResolvedArrived resolved)
    {
        if (dispatcher.Places.InList < 0 || dispatcher.Session == 0) return;
        // Said before the collector had taken the session: it is not meant, though it is not excepted.
        bool isMeant = dispatcher.Session <= resolved.OpenedUpTo && resolved.Ts >= shared.Resolved.Ts;
        if (isMeant && dispatcher.Places.Excepted == _exceptions) return;
        if (isMeant && !dispatcher.Follows) dispatcher.Follow();
        Update(dispatcher);
    }

    void Join(Dispatcher dispatcher)
    {
        DispatcherPlaces places = dispatcher.Places;
        if (dispatcher.Session == 0 || places.IsJoining || places.Excepted == _exceptions) return;
        places.IsJoining = true;
        _joining.Add(dispatcher);
    }

    void Take(Dispatcher dispatcher)
    {
        int index = dispatcher.Places.InHeap;
        if (index < 0) return;
        Dispatcher last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        dispatcher.Places.InHeap = -1;
        if (last == dispatcher) return;
        _heap[index] = last;
        last.Places.InHeap = index;
        Sift(index);
    }

    void Sift(int index)
    {
        Dispatcher moved = _heap[index];
        CommitTs key = moved.Places.Key;
        while (index > 0 && _heap[(index - 1) / 2].Places.Key > key)
        {
            Put(_heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }

        while (true)
        {
            int child = index * 2 + 1;
            if (child >= _heap.Count) break;
            if (child + 1 < _heap.Count && _heap[child + 1].Places.Key < _heap[child].Places.Key) child++;
            if (_heap[child].Places.Key >= key) break;
            Put(_heap[child], index);
            index = child;
        }

        Put(moved, index);
    }

    void Put(Dispatcher dispatcher, int index)
    {
        _heap[index] = dispatcher;
        dispatcher.Places.InHeap = index;
    }
}
