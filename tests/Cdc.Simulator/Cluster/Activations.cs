using System.Buffers.Binary;
using System.Collections.Immutable;
using Cdc.Protocol;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Wire;

namespace Cdc.Simulator.Cluster;

/// <summary>Who is the changefeed and who its maintainer at the moment, as a directory of activations finds them: late,
/// and at times two at once.</summary>
public sealed class Activations(World world, Rng rng)
{
    readonly List<RoleHost> _maintainers = [];
    RoleHost? _changefeed;
    RecordStore? _store;
    bool _isCreated;
    ulong _instances;

    /// <summary>How many maintainers have been activated.</summary>
    public ulong Instances => _instances;

    public RoleHost? Changefeed => _changefeed is { IsEnded: false } ? _changefeed : null;

    /// <summary>As a message finds it that activates it where it is not active; null: nowhere can it be.</summary>
    public RoleHost? Woken()
    {
        if (Changefeed is null) ActivateChangefeed();
        return Changefeed;
    }

    /// <summary>It is removed, and whoever keeps the records has deleted its own.</summary>
    public void Forget() => _store!.Delete();

    /// <summary>The maintainer that was activated last.</summary>
    public RoleHost? Newest
    {
        get
        {
            _maintainers.RemoveAll(static m => m.IsEnded);
            return _maintainers.Count > 0 ? _maintainers[^1] : null;
        }
    }

    public IReadOnlyList<RoleHost> Maintainers => _maintainers;

    /// <summary>The one of that node that spoke, where the transport still knows it; else whom the directory names:
    /// mostly the newest.</summary>
    public RoleHost? Maintainer(NodeId node, Rng chance)
    {
        if (Newest is not { } newest) return null;
        if (world.Network.IsHealed || chance.Chance(0.5))
            return _maintainers.FindLast(each => each.Node.Id == node) ?? newest;
        return _maintainers.Count > 1 && !world.Network.IsHealed && chance.Chance(0.3)
            ? chance.Pick(_maintainers)
            : newest;
    }

    /// <summary>Whoever spoke on a node with an epoch.</summary>
    public RoleHost? Speaker(NodeId node, Epoch epoch) =>
        _maintainers.Find(m => !m.IsEnded && m.Node.Id == node && m.Role is Maintainer speaker && speaker.Epoch == epoch);

    public void Begin()
    {
        _store = new(world.Agenda, rng.Fork(), world.Swarm, world.Network);
        _store.Persisted = stored => world.Checks.Persisted(Read(stored));
        ActivateChangefeed();
        Create();
        WatchOver();
    }

    /// <summary>Another maintainer comes up, whatever others there are.</summary>
    public void ActivateMaintainer(SimNode node)
    {
        if (_maintainers.Count(static m => !m.IsEnded) >= 3) return;
        Span<byte> id = stackalloc byte[16];
        id.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(id, ++_instances);
        var role = new Maintainer(new Guid(id), new(world.Swarm.Syncpoint) { Traffic = world.Swarm.Traffic });
        RoleHost host = new($"maintainer{_instances}", node, role, OnMaintainer, world.Checks.Before);
        _maintainers.Add(host);
        world.Say($"{host} is activated");
        See(host);
        world.Tick(host);
    }

    /// <summary>It begins with what its node believes, once that does anything.</summary>
    void See(RoleHost host) =>
        host.Node.Run(() => host.Take(new NodesChanged(world.Membership.ViewOf(host.Node))));

    /// <summary>The how manieth activation this names.</summary>
    public static ulong NumberOf(Guid instance) => BinaryPrimitives.ReadUInt64LittleEndian(instance.ToByteArray());

    /// <summary>A maintainer is gone without a word; its node lives.</summary>
    public void VanishMaintainer(Rng chance)
    {
        if (Newest is null) return;
        RoleHost gone = chance.Pick(_maintainers);
        world.Say($"{gone} vanishes");
        gone.Close();
    }

    /// <summary>A directory that is late activates the changefeed there once more, if only to find that the node is too
    /// old for it.</summary>
    public void Started(SimNode node)
    {
        if (_store?.Stored is not { } stored || stored[0] <= node.Speaks) return;
        if (!Upgrades.TryRead(node.Speaks, stored, out _)) world.Reached.Reached(HardCase.RecordTooNew);
    }

    public void Lost(SimNode node)
    {
        if (_changefeed?.Node == node) Reactivate();
    }

    public void ViewChanged(SimNode viewer, ImmutableArray<NodeId> view)
    {
        foreach (RoleHost maintainer in _maintainers)
            if (maintainer.Node == viewer) maintainer.Take(new NodesChanged(view));
        if (Changefeed is { } changefeed && changefeed.Node == viewer) changefeed.Take(new NodesChanged(view));
    }

    /// <summary>Reminders: somebody notices after a while that there is no maintainer, or no changefeed.</summary>
    void WatchOver()
    {
        world.Agenda.In(TimeSpan.FromMilliseconds(rng.Between(200, 2000)), () =>
        {
            if (world.AliveNodes.Count > 0)
            {
                if (Changefeed is null) ActivateChangefeed();
                if (Newest is null) ActivateMaintainer(rng.Pick(world.AliveNodes));
            }

            WatchOver();
        });
    }

    void Reactivate() =>
        world.Agenda.In(TimeSpan.FromMilliseconds(rng.Between(10, 1500)), () =>
        {
            if (Changefeed is null) ActivateChangefeed();
        });

    void ActivateChangefeed()
    {
        if (world.AliveNodes.Count == 0) return;
        long seen = _store!.Version;
        ulong jitter = rng.Next();
        SimNode node = rng.Pick(world.AliveNodes);
        ChangefeedRecord? stored = null;
        if (_store.Stored is { } bytes && !Upgrades.TryRead(node.Speaks, bytes, out stored))
        {
            // It leaves it as it is; the directory tries another node.
            world.Reached.Reached(HardCase.RecordTooNew);
            Reactivate();
            return;
        }

        var role = new Changefeed(stored, jitter);
        _changefeed = new("changefeed", node, role, (host, effect) =>
        {
            world.Checks.After(host, effect);
            switch (effect)
            {
                case Send send:
                    world.Router.Send(host, Party.Changefeed, send);
                    break;
                case Answered { Result: CommandResult.Done or CommandResult.Exists }:
                    _isCreated = true;
                    break;
                case Protocol.Changefeeds.ActivateMaintainer:
                    Wanted(host);
                    break;
                case ConfirmMissing:
                    _store.Confirm(outcome => host.Node.Run(() => Ended(host, outcome)));
                    break;
                case PersistChangefeed persist:
                    if (world.Swarm.Crash is not null && rng.Chance(0.02)) CrashSoon(host.Node);
                    byte[] record = world.Upgrades.Write(persist.Record, host.Node);
                    if (record[0] < _store.Stored?[0]) world.Reached.Reached(HardCase.RecordRewritten);
                    _store.Write(seen, record, (outcome, version) => host.Node.Run(() =>
                    {
                        seen = version;
                        if (outcome == PersistOutcome.Refused) Refused(host);
                        if (outcome == PersistOutcome.Unknown) world.Reached.Reached(HardCase.PersistUnknown);
                        Ended(host, outcome);
                    }));
                    break;
            }
        }, world.Checks.Before);
        See(_changefeed);
        world.Tick(_changefeed);
    }

    void Ended(RoleHost changefeed, PersistOutcome outcome)
    {
        if (changefeed.IsEnded) return;
        changefeed.PersistEnded(outcome);
        if (changefeed.IsEnded && changefeed == _changefeed) Reactivate();
    }

    /// <summary>The changefeed has heard nothing of a maintainer: it gets another one where none is known to live, at
    /// times also beside one.</summary>
    void Wanted(RoleHost changefeed)
    {
        bool hasJumped = changefeed.Node.JumpedAt + TimeSpan.FromSeconds(1) > world.Agenda.Now;
        if (hasJumped && Newest is not null) world.Reached.Reached(HardCase.SilentByJump);
        bool isKnown = Newest is { Node.IsPaused: false } && (world.Network.IsHealed || !rng.Chance(0.1));
        if (!isKnown) ActivateMaintainer(changefeed.Node);
    }

    void Refused(RoleHost changefeed)
    {
        world.Reached.Reached(HardCase.PersistRefused);
        if (changefeed.HasStoodStill && changefeed != _changefeed)
            world.Reached.Reached(HardCase.StoodStillChangefeed);
    }

    /// <summary>The changefeed of a node that does not answer is activated elsewhere, and may come back.</summary>
    public void ReplaceChangefeed(SimNode node)
    {
        if (node.IsPaused && _changefeed is { IsEnded: false } && _changefeed.Node == node) ActivateChangefeed();
    }

    /// <summary>Between what is decided and what is stored.</summary>
    void CrashSoon(SimNode node) => world.Agenda.In(TimeSpan.FromMilliseconds(4), () =>
    {
        if (!world.Network.IsHealed && world.AliveNodes.Count > 1) world.Crash(node, TimeSpan.FromSeconds(2));
    });

    /// <summary>Between what a maintainer begins in several steps and its end.</summary>
    void TakeOverSoon()
    {
        Swarm swarm = world.Swarm;
        bool hasFaults = (swarm.SecondMaintainer ?? swarm.MaintainerVanishes ?? swarm.Crash ?? swarm.Partition) is not null;
        if (!hasFaults || world.Network.IsHealed || !rng.Chance(0.5)) return;
        world.Agenda.In(TimeSpan.FromMilliseconds(rng.Between(1, 100)), () =>
        {
            if (world.AliveNodes.Count > 0) ActivateMaintainer(rng.Pick(world.AliveNodes));
        });
    }

    /// <summary>Whether an event is open that needs a table in one span.</summary>
    static bool MergesForAnEvent(RoleHost host)
    {
        if (host.Role is not Maintainer { Tenure: { } tenure }) return false;
        foreach (ModeTenure mode in tenure.Modes)
        {
            for (int i = 0; i < mode.Barrier.Events.Count; i++)
                if (mode.Barrier.Events[i].Payload.Unsplit.Length > 0) return true;
        }

        return false;
    }

    /// <summary>The operator asks until it is there.</summary>
    void Create()
    {
        if (_isCreated) return;
        Changefeed?.Tell(new CreateChangefeed(1, new(Guid.Empty), world.Source.Origin, new(null, world.Swarm.HasRedo)));
        world.Agenda.In(TimeSpan.FromMilliseconds(500), Create);
    }

    static ChangefeedRecord Read(byte[] stored) =>
        Upgrades.TryRead(NextVersion.Number, stored, out ChangefeedRecord? record)
            ? record
            : throw new ViolationException("wire", "Nobody can read the record.");

    void OnMaintainer(RoleHost host, Effect effect)
    {
        world.Checks.After(host, effect);
        switch (effect)
        {
            case Send send:
                world.Router.Send(host, new(Role.Maintainer, host.Node.Id), send);
                if (send.Message is MergeRequest or ScheduleRequest && MergesForAnEvent(host)) TakeOverSoon();
                break;
            case LoadTables load:
                ImmutableArray<AddedTable> tables = world.Source.TablesAt(load.At);
                world.Agenda.In(TimeSpan.FromMilliseconds(rng.Between(1, 50)), () => host.Node.Run(() =>
                    host.Take(new TablesLoaded(load.Mode, load.At, tables))));
                break;
            case FindDropped find:
                DroppedFound found = new(find.At, world.Source.DroppedAt(find.At, find.Tables));
                world.Agenda.In(TimeSpan.FromMilliseconds(20), () => host.Node.Run(() => host.Take(found)));
                break;
            case RequestSyncpoint:
                world.Agenda.In(TimeSpan.FromMilliseconds(rng.Between(1, 50)), world.Syncpoint);
                break;
            case End end:
                world.Say($"{host} ends: {end.Reason}");
                break;
        }
    }
}
