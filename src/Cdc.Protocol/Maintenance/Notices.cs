using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Maintenance;

/// <summary>Passes the persisted checkpoint on to the managers. One that is lost is said again with the next, or after
/// a while.</summary>
internal sealed class Notices(Epoch epoch)
{
    CommitTs? _persisted;
    TimeSpan? _saidAt;

    public void Take(CommitTs persisted)
    {
        if (_persisted is { } known && persisted <= known) return;
        _persisted = persisted;
        _saidAt = null;
    }

    public void Tick(ReadOnlySpan<NodeId> nodes, TimeSpan now, Effects effects)
    {
        if (_persisted is not { } checkpoint) return;
        if (_saidAt is { } said && now - said < MaintainerTimes.NoticeAgain) return;
        _saidAt = now;
        foreach (NodeId node in nodes) effects.Send(Party.Manager(node), new CheckpointNotice(epoch, checkpoint));
    }
}
