using Cdc.Protocol.Driving;

namespace Cdc.Simulator.Cluster;

/// <summary>The state store of one changefeed: compare-and-swap on a version, slow at times, of unknown outcome at
/// times.</summary>
public sealed class RecordStore(Agenda agenda, Rng rng, Swarm swarm, Network network)
{
    byte[]? _stored;

    /// <summary>Grows with each write.</summary>
    public long Version { get; private set; }

    public byte[]? Stored => _stored;

    /// <summary>Called with what was stored, at the moment it is durable.</summary>
    public Action<byte[]>? Persisted { get; set; }

    /// <summary>Nothing is stored any more, and nothing will be.</summary>
    public void Delete()
    {
        _stored = null;
        Version++;
    }

    /// <summary>Looks whether nothing is stored; answers later.</summary>
    public void Confirm(Action<PersistOutcome> answer) =>
        agenda.In(TimeSpan.FromTicks(rng.Between(5000, 50000)), () =>
        {
            PersistOutcome outcome = _stored is null ? PersistOutcome.Persisted : PersistOutcome.Refused;
            agenda.In(TimeSpan.FromTicks(rng.Between(1000, 20000)), () => answer(outcome));
        });

    /// <summary>Stores over <paramref name="seen"/>; answers later.</summary>
    public void Write(long seen, byte[] record, Action<PersistOutcome, long> answer)
    {
        TimeSpan slow = rng.Chance(0.05) ? rng.Between(TimeSpan.Zero, swarm.Delay) : TimeSpan.Zero;
        agenda.In(TimeSpan.FromTicks(rng.Between(5000, 50000)) + slow, () =>
        {
            bool fails = !network.IsHealed && rng.Chance(swarm.PersistRefused);
            bool isUnknown = !network.IsHealed && rng.Chance(swarm.PersistUnknown);
            bool stored = !fails && seen == Version;
            if (stored)
            {
                _stored = record;
                Version++;
                Persisted?.Invoke(record);
            }

            PersistOutcome outcome = isUnknown ? PersistOutcome.Unknown
                : stored ? PersistOutcome.Persisted : PersistOutcome.Refused;
            long version = Version;
            agenda.In(TimeSpan.FromTicks(rng.Between(1000, 20000)), () => answer(outcome, version));
        });
    }
}
