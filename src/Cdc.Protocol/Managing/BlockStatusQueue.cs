using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>Requests with reports of block events, until they are sent: the second of the stages that keep identical
/// reports once. The head stays the head until its send has succeeded, so the order never changes.</summary>
sealed class BlockStatusQueue
{
    readonly Queue<ImmutableArray<BlockStatus>> _requests = new();
    readonly HashSet<BlockStatusKey> _keys = [];
    long? _token;
    TimeSpan _deadline;

    public bool IsEmpty => _requests.Count == 0;

    public int Count => _requests.Count;

    /// <summary>Whether the head could not be sent the last time that it was tried.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Leaves out what waits here, or is under way, already; SCHEDULED never is.</summary>
    public void Add(ImmutableArray<BlockStatus> statuses)
    {
        var kept = ImmutableArray.CreateBuilder<BlockStatus>(statuses.Length);
        foreach (BlockStatus status in statuses)
        {
            if (status.Stage == BlockStage.Scheduled || _keys.Add(BlockStatusKey.Of(status))) kept.Add(status);
        }

        if (kept.Count > 0) _requests.Enqueue(kept.DrainToImmutable());
    }

    /// <summary>The head, if nothing is under way.</summary>
    public bool TrySend(long token, TimeSpan now, out ImmutableArray<BlockStatus> statuses)
    {
        statuses = default;
        if (_token is not null && now >= _deadline) _token = null;
        if (_token is not null || !_requests.TryPeek(out statuses)) return false;
        (_token, _deadline) = (token, now + ManagerTimes.Answer);
        return true;
    }

    /// <summary>Whether the head was sent, so that the next may be.</summary>
    public bool Ended(long token, bool isSent)
    {
        if (_token != token) return false;
        _token = null;
        HasFailed = !isSent;
        if (!isSent) return false;
        foreach (BlockStatus status in _requests.Dequeue()) _keys.Remove(BlockStatusKey.Of(status));
        return true;
    }

    /// <summary>Takes all, sent or not.</summary>
    public bool TryTake(out ImmutableArray<BlockStatus> statuses) => _requests.TryDequeue(out statuses);

    public void Clear()
    {
        _requests.Clear();
        _keys.Clear();
        (_token, HasFailed) = (null, false);
    }
}
