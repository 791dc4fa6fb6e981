using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>Dispatchers that need something that is lost for ever. All of them are told, in turn: some may be
/// leftovers, which the maintainer leaves alone.</summary>
/// <param name="node">Where.</param>
/// <param name="isNeeded">Whether that is lost still stops its dispatcher.</param>
sealed class LostSessions(NodeId node, Func<SessionLost, bool> isNeeded)
{
    const int AtOnce = 64;

    readonly Dictionary<DispatcherKey, SessionLost> _lost = [];
    readonly Queue<DispatcherKey> _turns = new();

    public void Add(SessionLost lost)
    {
        DispatcherKey key = new(lost.Mode, lost.Dispatcher, lost.Owner);
        if (!_lost.ContainsKey(key)) _turns.Enqueue(key);
        _lost[key] = lost;
    }

    /// <summary>Those whose turn it is; what is not needed any more is forgotten.</summary>
    public ImmutableArray<NodeFailure> Next()
    {
        if (_turns.Count == 0) return [];
        var failures = ImmutableArray.CreateBuilder<NodeFailure>();
        for (int left = _turns.Count; left > 0 && failures.Count < AtOnce; left--)
        {
            DispatcherKey key = _turns.Dequeue();
            if (isNeeded(_lost[key]))
            {
                _turns.Enqueue(key);
                failures.Add(new(node, FaultKind.Permanent, _lost[key].Reason, key));
            }
            else _lost.Remove(key);
        }

        return failures.DrainToImmutable();
    }
}
