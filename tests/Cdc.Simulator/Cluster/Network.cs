using System.Buffers;
using Cdc.Protocol.Messages;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Wire;

namespace Cdc.Simulator.Cluster;

/// <summary>Carries messages between nodes, as bytes: loses, repeats, delays, reorders and cuts off.</summary>
public sealed class Network(Agenda agenda, Rng rng, Swarm swarm, ReachedStates reached)
{
    readonly ArrayBufferWriter<byte> _bytes = new();
    readonly HashSet<(int From, int To)> _cut = [];

    /// <summary>Whether the faults are over.</summary>
    public bool IsHealed { get; private set; }

    public long Sent { get; private set; }

    public void Heal()
    {
        IsHealed = true;
        _cut.Clear();
    }

    public void Cut(int from, int to) => _cut.Add((from, to));

    public void Mend(int from, int to) => _cut.Remove((from, to));

    public bool IsCut(int from, int to) => _cut.Contains((from, to));

    /// <summary>Sends a message; <paramref name="deliver"/> gets it, decoded, once, several times or never.</summary>
    /// <returns>Whether a transport that answers would say it has arrived.</returns>
    public bool Send(SimNode from, SimNode to, Message message, Action<Message> deliver)
    {
        Sent++;
        byte version = Math.Min(from.Speaks, to.Speaks);
        if (Dialect.Since(from.Speaks, message) > version)
        {
            reached.Reached(HardCase.LeftOutForOlder);
            return false;
        }

        if (version < from.Speaks) reached.Reached(HardCase.WrittenForOlder);
        _bytes.ResetWrittenCount();
        Dialect.Write(from.Speaks, message, _bytes, version);
        byte[] wire = _bytes.WrittenSpan.ToArray();
        if (_cut.Contains((from.Number, to.Number))) return false;
        bool local = from.Number == to.Number;
        if (to.IsDeaf && !local) return rng.Chance(0.2);
        if (!IsHealed && !local && rng.Chance(swarm.Loss)) return rng.Chance(0.2);
        Deliver(to, wire, deliver, local);
        if (!IsHealed && !local && rng.Chance(swarm.Repeat)) Deliver(to, wire, deliver, local);
        return IsHealed || local || !rng.Chance(swarm.Loss / 4);
    }

    void Deliver(SimNode to, byte[] wire, Action<Message> deliver, bool local) =>
        agenda.In(Latency(local), () => to.Run(() =>
        {
            if (!Dialect.TryRead(to.Speaks, wire, out Message? message, out string? error))
                throw new ViolationException("wire", error ?? "not read");

            deliver(message);
        }));

    TimeSpan Latency(bool local)
    {
        if (local) return TimeSpan.FromTicks(rng.Between(100, 1000));
        TimeSpan usual = TimeSpan.FromTicks(rng.Between(2000, 20000));
        if (IsHealed || !rng.Chance(0.1)) return usual;
        return usual + rng.Between(TimeSpan.Zero, swarm.Delay);
    }
}
