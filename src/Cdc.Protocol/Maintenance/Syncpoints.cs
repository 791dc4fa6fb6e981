using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Maintenance;

/// <summary>Asks the source for a syncpoint at intervals; not while a block event is open, so that one that is stuck
/// does not fill the source's log with more of them.</summary>
internal sealed class Syncpoints(TimeSpan? interval)
{
    TimeSpan? _askedAt;

    public void Tick(ReadOnlySpan<ModeTenure> modes, TimeSpan now, Effects effects)
    {
        if (interval is not { } pause || (_askedAt is { } asked && now - asked < pause)) return;
        foreach (ModeTenure mode in modes)
        {
            if (mode.Barrier.OpenCount > 0) return;
        }

        _askedAt = now;
        effects.Add(RequestSyncpoint.Now);
    }
}
