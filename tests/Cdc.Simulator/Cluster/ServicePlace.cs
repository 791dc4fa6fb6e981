using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Sessions;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Cluster;

/// <summary>Where the source is read: one node at a time owns it, as far as everybody knows by now.</summary>
public sealed class ServicePlace(World world, Rng rng)
{
    readonly List<RoleHost> _former = [];
    ModelLog? _log;
    CommitTs _sent;
    ulong _life;
    int _readers;
    bool _isReading;

    public RoleHost? Current { get; private set; }

    /// <summary>The source's.</summary>
    public ModelSlot Slot { get; } = new(world.Source);

    /// <summary>The service that lives on a node: the present one, or one that has not ended yet though it reads no
    /// more.</summary>
    public RoleHost? On(NodeId node)
    {
        if (Current is { } current && current.Node.Id == node) return current;
        return _former.Count == 0 ? null : _former.Find(host => !host.IsEnded && host.Node.Id == node);
    }

    /// <summary>The source is read on another node from here on. What has been read may be there still, or it is read
    /// again from the slot.</summary>
    public void Move(bool keepsLog = false)
    {
        if (world.AliveNodes.Count == 0) return;
        RoleHost? former = Current;
        SimNode node = rng.Pick(world.AliveNodes);
        Leave(former, node);
        if (_log is null || !keepsLog) Begin();
        Current = new("service", node, new EventService(_log!, ++_life), OnEffect, world.Checks.Before);
        world.Say($"the source is read on {node}, from {_log!.Forgotten} on");
        world.Tick(Current);
        foreach (Machine machine in world.Machines) Announce(machine.Collector);
        Read();
    }

    /// <summary>The source's server crashes and comes back. What it sends again is dropped where the log has it; where
    /// that is gone, too, all begins from there.</summary>
    public void ServerCrashes()
    {
        Slot.Crash();
        world.Say($"the source's server crashes; confirmed is {Slot.Confirmed}");
        if (Current is null) return;
        if (rng.Chance(0.4)) Move();
        else Read();
    }

    /// <summary>The server drops the slot, and all of its log that was not read.</summary>
    public void LoseSlot()
    {
        if (Slot.WasLost || Current is null) return;
        Slot.Lose();
        world.Say($"the slot is lost up to {Slot.Confirmed}");
        Move();
    }

    /// <summary>The changefeed's checkpoint is stored: the log may forget, and the source is told now and then.</summary>
    public void Persisted(CommitTs checkpoint)
    {
        _log?.Forget(checkpoint);
        if (rng.Chance(0.6)) Slot.Confirm(CommitTs.End(checkpoint.CompleteCommit), isKept: rng.Chance(0.3));
    }

    public void Lost(SimNode node)
    {
        if (Current?.Node != node) return;
        Current = null;
        world.Agenda.In(rng.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2)), () =>
        {
            if (Current is null) Move();
        });
    }

    /// <summary>Tells a collector whom to ask, as it will know in a while.</summary>
    public void Announce(RoleHost collector)
    {
        world.Agenda.In(rng.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(300)), () => collector.Node.Run(() =>
        {
            if (Current is { } current) collector.Take(new HomeChanged(current.Node.Id));
        }));
    }

    /// <summary>A step came: the service hears of it a little later.</summary>
    public void Committed()
    {
        if (Current is not null && !_isReading) Next(Current, _readers);
    }

    /// <summary>One that lives on another node goes on with what it has, until it learns that it is none any
    /// more.</summary>
    void Leave(RoleHost? former, SimNode node)
    {
        _former.RemoveAll(static host => host.IsEnded);
        foreach (RoleHost other in _former.Where(other => other.Node == node)) other.Close();
        if (former is null) return;
        bool lingers = former.Node != node && !world.Network.IsHealed && rng.Chance(0.5);
        if (!lingers)
        {
            former.Close();
            return;
        }

        world.Reached.Reached(HardCase.TwoServices);
        _former.Add(former);
        world.Agenda.In(rng.Between(TimeSpan.Zero, TimeSpan.FromSeconds(5)), former.Close);
    }

    void Begin()
    {
        if (_log is not null && Slot.Confirmed < _log.Received) world.Reached.Reached(HardCase.LogReadAgain);
        if (Slot.Confirmed < Slot.Largest) world.Reached.Reached(HardCase.ConfirmedFellBack);
        CommitTs checkpoint = CommitTs.Max(world.Checks.Checkpoint, world.Source.Origin);
        _log = new(world.Source, Slot.Confirmed, checkpoint, world.Swarm.PieceBytes);
    }

    /// <summary>Whoever reads now is the only one; it is sent everything behind what is confirmed.</summary>
    void Read()
    {
        Slot.Reader = Current;
        _sent = Slot.Confirmed;
        Next(Current!, ++_readers);
    }

    /// <summary>The next part of the log arrives.</summary>
    void Next(RoleHost service, int reader)
    {
        _isReading = true;
        TimeSpan pause = _sent < _log!.Received || world.Network.IsHealed
            ? TimeSpan.FromTicks(5000)
            : rng.Between(TimeSpan.FromTicks(5000), world.Swarm.ReadPause);
        world.Agenda.In(pause, () => service.Node.Run(() =>
        {
            if (reader != _readers || Slot.Reader != service || service.IsEnded) return;
            CommitTs from = _sent;
            _sent = End(from);
            if (_sent <= _log.Received && from < _sent) world.Reached.Reached(HardCase.SentAgain);
            _log.Receive(_sent);
            service.Take(new LogGrew(_sent, [.. Tables(from, _sent)]));
            _isReading = _sent < world.Source.Resolved;
            if (_isReading) Next(service, reader);
        }));
    }

    /// <summary>How far one part reaches: a few transactions, or all that there is.</summary>
    CommitTs End(CommitTs from)
    {
        IReadOnlyList<ModelStep> steps = world.Source.Steps;
        int last = world.Source.FirstBehind(from) + world.Swarm.ReadSteps - 1;
        return last < steps.Count - 1 ? CommitTs.End(steps[last].At.Commit) : world.Source.Resolved;
    }

    SortedSet<TableId> Tables(CommitTs from, CommitTs to)
    {
        SortedSet<TableId> tables = [];
        IReadOnlyList<ModelStep> steps = world.Source.Steps;
        for (int i = world.Source.FirstBehind(from); i < steps.Count && steps[i].At <= to; i++)
        {
            if (steps[i] is RowsStep rows) tables.UnionWith(rows.Rows.Select(static r => r.Table));
        }

        return tables;
    }

    void OnEffect(RoleHost host, Effect effect)
    {
        world.Checks.After(host, effect);
        if (effect is Send send) world.Router.Send(host, Party.EventService(host.Node.Id), send);
    }
}
