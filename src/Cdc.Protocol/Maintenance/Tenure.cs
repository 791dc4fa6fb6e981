using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Maintenance;

/// <summary>What a maintainer does under its epoch.</summary>
/// <remarks><code>
/// Bootstrapping --every node in view has answered--> Loading --table lists--> Running
/// </code>
/// Reports of managers count from Running on, and only of nodes whose dispatchers are in the schedule.</remarks>
internal sealed class Tenure
{
    readonly EpochGrant _grant;
    readonly CommittedCheckpoint _committed;
    readonly ModeTenure[] _modes;
    readonly Members _members;
    readonly Parking _parking;
    readonly DroppedTables _dropped;
    readonly Reporting _reporting;
    readonly Notices _notices;
    readonly Syncpoints _syncpoints;
    readonly Func<AddedTable, bool> _isMeant;
    SortedSet<NodeId> _drained = [];

    public Tenure(EpochGrant grant, MaintainerOptions options)
    {
        _grant = grant;
        _committed = new(grant.Checkpoint);
        Numbering numbering = new(grant.Epoch);
        ModeTenure events = new(Mode.Event, numbering, _committed, options.Traffic);
        _modes = grant.HasRedo ? [events, new(Mode.Redo, numbering, _committed, null, events)] : [events];
        foreach (ModeTenure mode in _modes)
        {
            foreach (ParkedTable parked in grant.Parked) mode.Schedule.Parked.Add(parked.Table, null);
        }

        events.Copies.IsTold = (table, at) => Array.Exists(_modes, mode => mode.IsTold(table, at));
        _isMeant = table => Array.Exists(_modes, mode => mode.IsMeant(table));
        _members = new(grant);
        (_parking, _reporting) = (new(grant.Epoch), new(grant.Epoch, IsStopping));
        _dropped = new(_parking, grant.Checkpoint);
        (_notices, _syncpoints) = (new(grant.Epoch), new(options.SyncpointInterval));
    }

    public MaintainerPhase Phase { get; private set; } = MaintainerPhase.Bootstrapping;

    /// <summary>What has been told to the changefeed to be durable.</summary>
    public CommitTs Committed => _committed.Value;

    public IReadOnlyList<ModeTenure> Modes => _modes;

    public Members Members => _members;

    public MaintainerWait WaitingFor(TimeSpan now) => WaitQuestion.Answer(this, _parking, now);

    public void Handle(Input input, TimeSpan now, Effects effects)
    {
        switch (input)
        {
            case Received received:
                Take(received.From, received.Message, now, effects);
                break;
            case NodesChanged nodes:
                See(nodes.Alive, now, effects);
                break;
            case TablesLoaded loaded:
                Load(loaded, now, effects);
                break;
            case DroppedFound found when Phase == MaintainerPhase.Running:
                _dropped.Take(found, _modes[0].Schedule.Parked);
                break;
            case DrainNodes drain:
                _drained = [.. drain.Nodes];
                break;
            case SplitTable split when Phase == MaintainerPhase.Running:
                Find(split.Mode)?.Split(split.Table, split.Parts, now);
                break;
            case MergeTable merge when Phase == MaintainerPhase.Running:
                Find(merge.Mode)?.Schedule.Reshaping.Merge(merge.Table);
                break;
            case ParkTable park when Phase == MaintainerPhase.Running && IsKnown(park.Table):
                _parking.Want(park.Table, null);
                break;
            case Driving.Tick:
                Tick(now, effects);
                break;
        }
    }

    public ModeTenure? Find(Mode mode)
    {
        foreach (ModeTenure each in _modes)
        {
            if (each.Mode == mode) return each;
        }

        return null;
    }

    void Take(Party from, Message message, TimeSpan now, Effects effects)
    {
        switch (message)
        {
            case BootstrapResponse { Refusal: { } refusal } when IsWaitingFor(from.Node):
                _reporting.Take(from.Node, [new(from.Node, FaultKind.Permanent, refusal, null)]);
                break;
            case BootstrapResponse answer when from.Role == Role.Manager:
                if (_members.Take(from.Node, answer) is { } member) Answered(member, now, effects);
                break;
            case PostBootstrapResponse when from.Role == Role.Manager:
                _members.Told(from.Node);
                break;
            case Heartbeat heartbeat when _members.IsIn(from.Node):
                Find(heartbeat.Mode)?.Take(from.Node, heartbeat, now);
                _reporting.Take(from.Node, heartbeat.Failures);
                break;
            case TrafficReport traffic when _members.IsIn(from.Node):
                Find(traffic.Mode)?.Take(from.Node, traffic);
                break;
            case BlockStatusRequest statuses when _members.IsIn(from.Node):
                Find(statuses.Mode)?.Take(from.Node, statuses, now, effects);
                break;
            case CheckpointPersisted persisted:
                _notices.Take(persisted.Checkpoint);
                _dropped.Persisted(persisted.Checkpoint);
                break;
            case CopyTables wanted when Phase == MaintainerPhase.Running:
                foreach (WantedCopy copy in wanted.Tables)
                    if (_parking.IsLast(copy.Table, copy.Number)) _modes[0].Schedule.Copies.Want(copy.Table);
                break;
            case ParkPersisted kept when _parking.Done(kept.Table, kept.Number):
                if (kept.CopiedAt is { } at) Back(kept.Table, at, now);
                else Park(kept.Table, now);
                break;
        }
    }

    /// <summary>Not of a dispatcher that is a leftover: another has the span, or none is to have it. One that the
    /// schedule has by then says so again.</summary>
    bool IsStopping(NodeId node, NodeFailure failure) =>
        failure.Of is not { } of || Find(of.Mode)?.Schedule.Has(node, of) == true;

    void See(ImmutableArray<NodeId> alive, TimeSpan now, Effects effects)
    {
        foreach (NodeId node in _members.See(alive))
        {
            foreach (ModeTenure mode in _modes) mode.NodeLeft(node, now);
            _reporting.NodeLeft(node);
        }

        Complete(effects);
    }

    void Answered(Member member, TimeSpan now, Effects effects)
    {
        if (Phase != MaintainerPhase.Running)
        {
            Complete(effects);
            return;
        }

        foreach (ModeTenure mode in _modes) Joining.Take(mode.Schedule, member.Node, member.Answer!, now);
        _members.Enter(member);
    }

    /// <summary>Once every node in view has answered, the table lists are loaded where the triggers are.</summary>
    void Complete(Effects effects)
    {
        if (Phase != MaintainerPhase.Bootstrapping || !_members.HaveAnswered) return;
        Phase = MaintainerPhase.Loading;
        foreach (ModeTenure mode in _modes)
        {
            mode.LoadAt = LoadAt(mode);
            effects.Add(new LoadTables(mode.Mode, mode.LoadAt));
        }
    }

    void Load(TablesLoaded loaded, TimeSpan now, Effects effects)
    {
        if (Phase != MaintainerPhase.Loading || Find(loaded.Mode) is not { } mode) return;
        if (mode.Tables is not null || loaded.At != mode.LoadAt) return;
        mode.Tables = loaded.Tables;
        foreach (ModeTenure each in _modes) Reload(each, effects);
        if (Array.Exists(_modes, static each => each.Tables is null)) return;
        foreach (ModeTenure each in _modes)
        {
            Gather(each, now).Build(each.Tables!.Value, each.LoadAt);
            foreach (Member member in _members.All)
            {
                if (member.Answer is { } answer) each.Barrier.Restore(answer.Spans, now);
            }
        }

        foreach (Member member in _members.All)
        {
            if (member.Answer is not null) _members.Enter(member);
        }

        Phase = MaintainerPhase.Running;
    }

    /// <summary>A node may have come meanwhile that has the trigger, further on than the list.</summary>
    void Reload(ModeTenure mode, Effects effects)
    {
        CommitTs at = LoadAt(mode);
        if (mode.Tables is null || at <= mode.LoadAt) return;
        (mode.LoadAt, mode.Tables) = (at, null);
        effects.Add(new LoadTables(mode.Mode, at));
    }

    CommitTs LoadAt(ModeTenure mode)
    {
        Rebuilding rebuilding = new(mode.Schedule, _grant.Checkpoint, TimeSpan.Zero);
        foreach (Member member in _members.All)
        {
            if (member.Answer is { } answer) rebuilding.TakeTrigger(member.Node, answer);
        }

        return rebuilding.LoadAt();
    }

    Rebuilding Gather(ModeTenure mode, TimeSpan now)
    {
        Rebuilding rebuilding = new(mode.Schedule, _grant.Checkpoint, now);
        foreach (Member member in _members.All)
        {
            if (member.Answer is { } answer) rebuilding.Take(member.Node, answer);
        }

        return rebuilding;
    }

    /// <summary>Whether nothing goes on before that node has answered.</summary>
    bool IsWaitingFor(NodeId node) => Phase == MaintainerPhase.Bootstrapping && _members.IsAsked(node);

    bool IsKnown(TableId table) => Array.Exists(_modes, mode => mode.Schedule.Spans.Table(table) is not null);

    void Park(TableId table, TimeSpan now)
    {
        foreach (ModeTenure mode in _modes) mode.Schedule.Park(table, now);
    }

    /// <summary>Not parked any more: it has come in with its copy, or is dropped, and nothing brings it in again.
    /// </summary>
    void Back(TableId table, CommitTs at, TimeSpan now)
    {
        _modes[0].Schedule.Copies.Persisted(table, at, now);
        foreach (ModeTenure mode in _modes) mode.Schedule.Parked.Remove(table);
    }

    void Tick(TimeSpan now, Effects effects)
    {
        _members.Tick(now, effects);
        if (Phase == MaintainerPhase.Running) Run(now, effects);
        _reporting.Tick(Committed, Phase == MaintainerPhase.Running, now, effects);
        _notices.Tick(_members.In, now, effects);
    }

    void Run(TimeSpan now, Effects effects)
    {
        NodeId[] nodes = [.. _members.In];
        NodeId[] drained = _drained.Count == 0 ? [] : Array.FindAll(nodes, _drained.Contains);
        if (drained.Length > 0) nodes = Array.FindAll(nodes, node => !_drained.Contains(node));
        CommitTs? least = null;
        TimeSpan heldSince = now - MaintainerTimes.HeldLimit;
        foreach (ModeTenure mode in _modes)
        {
            mode.Barrier.OnTick(now, effects);
            foreach (TableId table in mode.Barrier.NeedsPark) _parking.Want(table, null);
            foreach (TableId table in mode.Schedule.Held.Since(heldSince)) _parking.Want(table, null);
            mode.Tick(nodes, drained, !_members.HaveAnswered, _isMeant, now);
            mode.Schedule.Send(now, effects);
        }

        foreach ((AddedTable table, CommitTs at) in _modes[0].Copies.Finished) _parking.Want(table.Table, at);
        _dropped.Tick(_modes[0].Schedule.Parked, now, effects);
        _syncpoints.Tick(_modes, now, effects);
        _parking.Tick(now, effects);
        foreach (ModeTenure mode in _modes)
        {
            if (mode.Checkpoint() is not { } checkpoint) return;
            least = least is { } other ? CommitTs.Min(other, checkpoint) : checkpoint;
        }

        if (least is { } all) _committed.Raise(all);
    }
}
