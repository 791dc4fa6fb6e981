using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Cdc.Protocol;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Wire;

namespace Cdc.Simulator.Cluster;

/// <summary>A rolling upgrade: one machine after the other starts again with the pretended next version. What a node
/// speaks is known with its name, as a membership tells it.</summary>
public sealed class Upgrades(World world)
{
    static readonly TimeSpan LoadPace = TimeSpan.FromSeconds(2);

    readonly HashSet<int> _upgraded = [];
    readonly Dictionary<NodeId, byte> _speaks = [];
    bool _isOneOff;

    /// <summary>A node comes up, and its life has one version.</summary>
    public byte Started(NodeId node, int machine) =>
        _speaks[node] = _upgraded.Contains(machine) ? NextVersion.Number : WireFormat.Version;

    /// <summary>One machine that is not upgraded yet is.</summary>
    public void Upgrade(Rng rng)
    {
        SimNode[] old = [.. world.AliveNodes.Where(static n => n.Speaks == WireFormat.Version)];
        if (old.Length == 0 || world.AliveNodes.Count < 2) return;
        SimNode node = rng.Pick(old);
        if (_upgraded.Count == 0 && !_isOneOff && rng.Chance(0.6))
        {
            // It is off while the others are upgraded, and comes back as it was.
            _isOneOff = true;
            world.Crash(node, rng.Between(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(15)));
            return;
        }

        _upgraded.Add(node.Number);
        world.Say($"{node} is upgraded");
        world.Reached.Reached(HardCase.Upgraded);
        world.Crash(node, rng.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(2)));
    }

    /// <summary>An upgraded node says its message of the next version to everybody.</summary>
    public void Announce(Machine machine)
    {
        if (machine.Node.Speaks == WireFormat.Version || !machine.Node.IsAlive) return;
        NodeLoad load = new(machine.Node.Id, (ulong)world.Agenda.Now.Ticks);
        Say(Party.Changefeed);
        Say(Party.Maintainer);
        foreach (SimNode node in world.AliveNodes.ToArray())
        {
            Say(Party.Manager(node.Id));
            Say(Party.Collector(node.Id));
            Say(Party.EventService(node.Id));
        }

        world.Agenda.In(LoadPace, () => Announce(machine));

        void Say(Party to) =>
            world.Router.Send(machine.Manager, Party.Manager(machine.Node.Id), new Send(to, load));
    }

    /// <summary>The record in the oldest version that anybody in the view speaks: each of them may have to read it.
    /// </summary>
    public byte[] Write(ChangefeedRecord record, SimNode node)
    {
        ArrayBufferWriter<byte> bytes = new();
        byte version = node.Speaks;
        foreach (NodeId other in world.Membership.ViewOf(node)) version = Math.Min(version, _speaks[other]);
        if (node.Speaks == WireFormat.Version) ChangefeedRecordFormat.Write(record, bytes, version);
        else NextVersion.Records.Write(record, bytes, version);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>What a node can read of it.</summary>
    /// <returns>False: it is of a later version than the node's.</returns>
    public static bool TryRead(byte speaks, byte[] stored, [NotNullWhen(true)] out ChangefeedRecord? record)
    {
        bool isRead = speaks == WireFormat.Version
            ? ChangefeedRecordFormat.TryRead(stored, out record, out string? error)
            : NextVersion.Records.TryRead(stored, out record, out error);
        if (!isRead && stored[0] <= speaks) throw new ViolationException("wire", error ?? "not read");
        return isRead;
    }
}
