using System.Collections.Immutable;
using System.Globalization;
using Cdc.Protocol;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Scale;

/// <summary>One maintainer and the managers of some nodes, with many tables and without faults: every message arrives,
/// encoded, one step of virtual time after it was sent, and the sinks answer one step later.</summary>
public sealed class DirectCluster
{
    static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    const int StepsPerTick = 10;

    readonly Maintainer _maintainer = new(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), MaintainerOptions.Default);
    readonly Place[] _places;
    readonly ImmutableArray<AddedTable> _tables;
    readonly Effects _effects = new();
    readonly List<(int To, Input Input)> _way = [];
    long _steps;

    /// <param name="nodes">How many nodes.</param>
    /// <param name="tables">How many tables, each one dispatcher.</param>
    public DirectCluster(int nodes, int tables)
    {
        _places = new Place[nodes];
        for (int i = 0; i < nodes; i++) _places[i] = new(new(string.Create(CultureInfo.InvariantCulture, $"n{i}")));
        _tables = [.. Enumerable.Range(1, tables).Select(static i => new AddedTable(new(i), "shop", true))];
    }

    sealed class Place(NodeId node)
    {
        public NodeId Node { get; } = node;
        public DispatcherManager Manager { get; } = new(node);
        public QuickSink Sink { get; } = new();
    }

    const int Maintainer = -1;

    public TimeSpan Now { get; private set; }

    /// <summary>What the managers say to the maintainer.</summary>
    public Traffic Up { get; } = new();

    /// <summary>What the maintainer says to the managers.</summary>
    public Traffic Down { get; } = new();

    public long BlocksWritten => _places.Sum(static place => place.Sink.BlocksWritten);

    ModeTenure Events => _maintainer.Tenure!.Modes[0];

    public int OpenBarriers => Events.Barrier.OpenCount;

    /// <summary>Goes on until every table replicates.</summary>
    public void Begin()
    {
        Take(Maintainer, new NodesChanged([.. _places.Select(static place => place.Node)]));
        Until(() => _maintainer.Phase == MaintainerPhase.Running && Events.Schedule.Operations.Count == 0
            && Events.Schedule.Spans.Absent.Count == 0);
    }

    /// <summary>All dispatchers come to one block event that stops everyone, over so long a time; goes on until all
    /// are beyond it.</summary>
    public TimeSpan Stop(BlockEventId id, TimeSpan over)
    {
        Up.Clear();
        Down.Clear();
        BlockPayload payload = BlockPayload.Of(new Influence.All());
        List<(int Place, OpenSession Session)> all = [];
        for (int i = 0; i < _places.Length; i++)
            foreach (OpenSession session in _places[i].Sink.Sessions) all.Add((i, session));
        TimeSpan began = Now;
        int steps = (int)(over / Pace);
        for (int step = 0; step < steps; step++)
        {
            // Every node gets a part of its own in every step.
            for (int i = step; i < all.Count; i += steps)
            {
                OpenSession s = all[i].Session;
                Take(all[i].Place, new BlockArrived(s.Mode, s.Dispatcher, s.Owner, s.Session, id, payload));
            }

            Step();
        }

        Until(() => OpenBarriers == 0);
        return Now - began;
    }

    /// <summary>Tells every manager that the stream has resolved so far, for all of its sessions.</summary>
    public void Resolve(CommitTs ts)
    {
        for (int i = 0; i < _places.Length; i++) Take(i, new ResolvedArrived(ts, ulong.MaxValue, []));
    }

    void Until(Func<bool> isDone)
    {
        TimeSpan limit = Now + TimeSpan.FromMinutes(10);
        while (!isDone())
        {
            if (Now > limit) throw new InvalidOperationException("It does not end.");
            Step();
        }
    }

    void Step()
    {
        (int To, Input Input)[] arrived = [.. _way];
        _way.Clear();
        foreach ((int to, Input input) in arrived) Take(to, input);
        for (int i = 0; i < _places.Length; i++)
            foreach (Input answer in _places[i].Sink.TakeAnswers()) Take(i, answer);
        if (_steps++ % StepsPerTick == 0)
        {
            for (int i = 0; i < _places.Length; i++) Take(i, Tick.Now);
            Take(Maintainer, Tick.Now);
        }

        Now += Pace;
    }

    void Take(int at, Input input)
    {
        if (at == Maintainer) _maintainer.Handle(input, Now, _effects);
        else _places[at].Manager.Handle(input, Now, _effects);
        Effect[] done = [.. _effects.Items];
        _effects.Clear();
        foreach (Effect effect in done)
        {
            if (effect is Send send) Carry(at, send);
            else if (effect is LoadTables load) _way.Add((Maintainer, new TablesLoaded(load.Mode, load.At, _tables)));
            else if (at != Maintainer) _places[at].Sink.Do(effect);
        }
    }

    void Carry(int from, Send send)
    {
        if (send.Token is { } token) _way.Add((from, new SendEnded(token, true)));
        if (send.Message is EpochRequest request)
        {
            EpochGrant grant = new(
                new Epoch(1), request.Instance, MaintainerPurpose.Run, new CommitTs(10, 0), null, [], false);
            _way.Add((Maintainer, new Received(Party.Changefeed, grant)));
        }
        else if (send.To.Role == Role.Manager)
        {
            int to = Array.FindIndex(_places, place => place.Node == send.To.Node);
            Party sender = new(Role.Maintainer, _places[0].Node);
            _way.Add((to, new Received(sender, Down.Carry(send.Message))));
        }
        else if (send.To.Role == Role.Maintainer)
        {
            Party sender = Party.Manager(_places[from].Node);
            _way.Add((Maintainer, new Received(sender, Up.Carry(send.Message))));
        }
    }
}
