using System.Collections.Immutable;

namespace Cdc.Protocol.Changefeeds;

/// <summary>Whether the maintainer that holds the epoch still lives, as far as can be told, and when to say something
/// again.</summary>
sealed class MaintainerWatch
{
    TimeSpan _heardAt;
    NodeId _node;
    bool _isNodeGone;
    TimeSpan? _activatedAt;
    TimeSpan? _stopSaidAt;

    public void Heard(NodeId node, TimeSpan now) => (_heardAt, _node, _isNodeGone) = (now, node, false);

    /// <summary>Another incarnation of the changefeed begins: its maintainer has not had the time to speak.</summary>
    public void Begin(TimeSpan now) => _heardAt = now;

    public void See(ImmutableArray<NodeId> alive) => _isNodeGone = _node.Value is not null && !alive.Contains(_node);

    public bool IsActivationDue(bool isHeld, TimeSpan now)
    {
        bool isThere = isHeld && !_isNodeGone && now - _heardAt < ChangefeedTimes.Silence;
        return !isThere && IsDue(ref _activatedAt, now);
    }

    public bool IsStopDue(TimeSpan now) => IsDue(ref _stopSaidAt, now);

    /// <summary>What is wanted has changed: it is said at once.</summary>
    public void Anew() => (_activatedAt, _stopSaidAt) = (null, null);

    static bool IsDue(ref TimeSpan? saidAt, TimeSpan now)
    {
        if (now - saidAt < ChangefeedTimes.Repeat) return false;
        saidAt = now;
        return true;
    }
}
