using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Maintenance;

/// <summary>Asks the source for a syncpoint at intervals; not while a block event is open, so that there is never more
/// than one of them, and a stuck one does not fill the source's log.</summary>
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
