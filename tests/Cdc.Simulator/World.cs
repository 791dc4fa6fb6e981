using System.Collections.Immutable;
using Cdc.Protocol;
using Cdc.Protocol.Delivery;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Sessions;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;
using Cdc.Simulator.Target;

namespace Cdc.Simulator;

/// <summary>A whole cluster under one seed: source, target, nodes, network and state store, all in virtual time.</summary>
public sealed class World
{
    /// <summary>What was added later draws from a stream of its own: else every seed would be another one.</summary>
    const ulong Later = 0xD1B54A32D192ED03;

    readonly Rng _rng;
    readonly SinkFaults _sinkFaults;
    readonly Machine?[] _machines;
    readonly int[] _lives;
    readonly Rng _chance;
    readonly Rng _later;
    readonly List<SimNode> _alive = [];
    CommitTs _served;

    public World(ulong seed, Swarm? swarm = null, bool keepsLines = false)
    {
        _rng = new Rng(seed);
        Rng options = _rng.Fork();
        Rng later = new(seed ^ Later);
        Rng laterOptions = later.Fork();
        _later = later.Fork();
        Swarm = swarm ?? Swarm.Draw(options, laterOptions);
        Modes = Swarm.HasRedo ? [Mode.Event, Mode.Redo] : [Mode.Event];
        Trace = new(keepsLines);
        Network = new(Agenda, _rng.Fork(), Swarm, Reached);
        Source = new();
        Workload = new(Source, _rng.Fork(), Swarm.Workload);
        RedoTarget = new(Source, TargetKind.Database, table => Checks!.IsParked(table), Reached);
        Target = new(Source, Swarm.Target, table => Checks!.IsParked(table), Reached, RedoTarget)
        {
            KeyChanges = new(Source, Reached),
        };
        Broken = new(Swarm, Source, _rng.Fork());
        _sinkFaults = new(Swarm, Network, Broken, new(Swarm, Network, later.Fork(), Reached), Reached);
        _chance = _rng.Fork();
        _machines = new Machine?[Swarm.Nodes];
        _lives = new int[Swarm.Nodes];
        Membership = new(Agenda, _rng.Fork(), () => _alive, ViewChanged);
        Service = new(this, _rng.Fork());
        Activations = new(this, _rng.Fork());
        Router = new(this, _rng.Fork());
        Upgrades = new(this);
        Checks = new(this);
    }

    public Agenda Agenda { get; } = new();
    public Swarm Swarm { get; }
    public Trace Trace { get; }
    public Network Network { get; }
    public ModelSource Source { get; }
    public Workload Workload { get; }
    public ModelTarget Target { get; }

    /// <summary>Where the second pipeline writes, if there is one: everything once more.</summary>
    public ModelTarget RedoTarget { get; }

    /// <summary>The pipelines that there are.</summary>
    public IReadOnlyList<Mode> Modes { get; }

    public ModelTarget TargetOf(Mode mode) => mode == Mode.Redo ? RedoTarget : Target;
    public Membership Membership { get; }
    public ServicePlace Service { get; }
    public Activations Activations { get; }
    public Router Router { get; }
    public Upgrades Upgrades { get; }
    public Checkers Checks { get; }
    public ReachedStates Reached { get; } = new();
    public BrokenTable Broken { get; }

    public IReadOnlyList<SimNode> AliveNodes => _alive;

    public Machine? MachineOf(NodeId id)
    {
        foreach (Machine? machine in _machines)
            if (machine is not null && machine.Node.Id == id) return machine;
        return null;
    }

    public IEnumerable<Machine> Machines => _machines.Where(static m => m is not null)!;

    public void Say(string line) => Trace.Line(Agenda.Now, line);

    /// <summary>A node comes up, with nothing.</summary>
    public void Start(int number)
    {
        if (_machines[number] is not null) return;
        var id = new NodeId($"n{number}.{++_lives[number]}");
        double rate = 1 + (_chance.Chance(0.5) ? Swarm.ClockSkew : -Swarm.ClockSkew / 2);
        SimNode node = new(id, number, Agenda, TimeSpan.FromSeconds(_chance.Below(100)), rate)
        {
            Speaks = Upgrades.Started(id, number),
        };
        _alive.Add(node);
        Say($"{node} starts");
        Machine machine = _machines[number] = Build(node);
        Upgrades.Announce(machine);
        Activations.Started(node);
        Membership.Changed(node, Network.IsHealed);
    }

    /// <summary>A node is gone at once; its machine starts again a while later.</summary>
    public void Crash(SimNode node, TimeSpan pause)
    {
        if (!node.IsAlive) return;
        Agenda.In(pause, () => Start(node.Number));
        if (Activations.Changefeed is { IsPersisting: true } changefeed && changefeed.Node == node)
            Reached.Reached(HardCase.CrashWhilePersisting);
        node.IsAlive = false;
        _alive.Remove(node);
        _machines[node.Number] = null;
        Say($"{node} dies");
        Membership.Changed(node, Network.IsHealed);
        Activations.Lost(node);
        Service.Lost(node);
    }

    public void MoveService() => Service.Move(keepsLog: _chance.Chance(0.3));

    /// <summary>The source writes a syncpoint into its log.</summary>
    public void Syncpoint()
    {
        if (Workload.IsFinished) return;
        Workload.WriteSyncpoint();
        Service.Committed();
    }

    /// <summary>Runs until everything is done.</summary>
    /// <exception cref="ViolationException">A rule is broken.</exception>
    public void Run()
    {
        Workload.CreateTables();
        foreach (TableId table in Source.Tables.Keys)
            foreach (Mode mode in Modes) TargetOf(mode).CreateTable(table);
        for (int i = 0; i < Swarm.Nodes; i++) Start(i);
        Service.Move();
        Activations.Begin();
        Faults faults = new(this, _rng.Fork(), _later);
        faults.Begin();
        faults.BeginScheduling();
        faults.BeginOperating();
        Transact();
        while (Agenda.Step(Swarm.Faulty)) { }
        faults.End();
        TimeSpan awake = Agenda.Now + Faults.LongestPause;
        while (_alive.Exists(static node => node.IsPaused) && Agenda.Step(awake)) { }
        Heal();
        TimeSpan limit = Agenda.Now + Patience;
        while (!IsComplete && Agenda.Step(limit))
        {
            if (Agenda.Steps > MostSteps) throw new ViolationException("liveness", "it goes round in circles");
        }

        if (!IsComplete)
            throw new ViolationException("liveness", Stuck());
        bool hasFailed = Checks.HasFailed;
        if (!hasFailed)
        {
            foreach (Mode mode in Modes) TargetOf(mode).CheckDurable(Source.Resolved);
            CheckSchedule();
        }

        if (!hasFailed && Swarm.End == EndKind.Left) return;
        faults.StopOperating();
        new Ending(this, _rng.Fork()).Run();
    }

    /// <summary>What changes the schedule has done so exactly once: it is what the source has, or gets to be. Nor is a
    /// table parked for ever that the source has not any more.</summary>
    void CheckSchedule()
    {
        TimeSpan limit = Agenda.Now + TimeSpan.FromMinutes(2);
        while (Activations.Newest is not { } newest || !MaintainerWatch.IsRight(this, newest))
        {
            if (!Agenda.Step(limit))
                throw new ViolationException("INV-16",
                    $"{Activations.Newest} has other tables than the source: {MaintainerWatch.Tables(this)}");
        }

        while (Checks.KeepsDropped)
        {
            if (!Agenda.Step(limit))
                throw new ViolationException("liveness", "a table is dropped, and the changefeed keeps it parked");
        }
    }

    string Stuck()
    {
        RoleHost? host = Activations.Newest;
        string waits = host?.Role is Maintainer maintainer
            ? $"{maintainer.Phase} {Waits.Of(maintainer.WaitingFor(host.Node.Clock))}"
            : "nobody";
        return $"the checkpoint is {Checks.Checkpoint}, the source {Source.Resolved}; {host} waits for {waits}";
    }

    /// <summary>How long everything may take once the faults are over.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    const long MostSteps = 2_000_000;

    /// <summary>Where the source has lost a part of its log, it is complete too when that was said.</summary>
    bool IsComplete => Workload.IsFinished
        && (Checks.HasFailed || (Checks.Checkpoint >= Source.Resolved && !Checks.AnyParked(Source)));

    void Transact()
    {
        if (Workload.IsFinished) return;
        Workload.Transact();
        HardDdl.Committed(this, Source.FirstBehind(_served));
        _served = Source.Resolved;
        Service.Committed();
        Agenda.In(_chance.Between(TimeSpan.FromMilliseconds(1), Swarm.Workload.Pace), Transact);
    }

    void Heal()
    {
        Say("the faults are over");
        Network.Heal();
        Checks.Liveness.Healed();
        for (int i = 0; i < Swarm.Nodes; i++) Start(i);
        Membership.Heal();
        new Repair(this).Begin();
    }

    public void Tick(RoleHost host) => Ticker.Start(Agenda, _chance, host);

    Machine Build(SimNode node)
    {
        DeliveryLink link = new();
        DispatcherManager role = new(node.Id);
        node.Obeys = () => role.Epoch;
        RoleHost collector = null!;
        SinkHost sink = null!, redo = null!;
        RoleHost manager = new("manager", node, role, (host, effect) =>
        {
            Checks.After(host, effect);
            if (effect is Send send) Router.Send(host, Party.Manager(host.Node.Id), send);
            if (effect is DispatcherEffect done) (done.Mode == Mode.Redo ? redo : sink).Do(done);
            if (DeliveryLink.ForCollector(effect) is { } input) collector.Take(input);
        }, Checks.Before);
        sink = new(Agenda, _chance.Fork(), _sinkFaults, Swarm.SinkEnqueues, Source, Target, node, manager.Take);
        if (Swarm.HasRedo)
            redo = new(Agenda, _chance.Fork(), _sinkFaults, Swarm.SinkEnqueues, Source, RedoTarget, node, manager.Take);
        collector = new("collector", node, new EventCollector(new Progress(role), Swarm.PoolBytes), (host, effect) =>
        {
            Checks.After(host, effect);
            if (effect is Send send) Router.Send(host, Party.Collector(host.Node.Id), send);
            if (link.ForManager(effect) is { } input) manager.Take(input);
        }, Checks.Before);
        Tick(manager);
        Tick(collector);
        Service.Announce(collector);
        return new(node) { Manager = manager, Collector = collector };
    }

    sealed class Progress(DispatcherManager manager) : IDispatcherProgress
    {
        public CommitTs? CheckpointOf(Mode mode, DispatcherId dispatcher) => manager.CheckpointOf(mode, dispatcher);
    }

    void ViewChanged(SimNode viewer)
    {
        ImmutableArray<NodeId> view = Membership.ViewOf(viewer);
        if (MachineOf(viewer.Id) is { } machine) machine.Collector.Take(new NodesChanged(view));
        Activations.ViewChanged(viewer, view);
    }
}
