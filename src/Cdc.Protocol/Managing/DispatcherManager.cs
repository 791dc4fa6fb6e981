using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>One changefeed's dispatchers on one node. It is there from the first message on, and stays as a tombstone
/// when everything is closed.</summary>
/// <remarks><code>
/// new --bootstrap--> Owned --bootstrap of a greater epoch--> Owned
///                      |  ^
///                close |  | bootstrap of a greater epoch
///                      v  |
///                    Closing --nothing left--> Closed (tombstone) --bootstrap of a greater epoch--> Owned
/// any --write path closed--> Fenced, for ever
/// </code>
/// Owned, and not told to close, it asks the changefeed when its maintainer has been silent for a minute: one that did
/// not see this node while everything was closed does not come back.</remarks>
public sealed class DispatcherManager : IRole
{
    readonly ModePipeline[] _modes;
    readonly Ownership _ownership = new();
    readonly OwnerWatch _owner = new();
    readonly HeartbeatReporter _reporter;
    long _token;
    bool _hasRedo;
    bool _isFenced;
    Closing? _closing;
    bool _isRemoved;
    CommitTs _known;

    /// <summary>Whom to tell that everything is closed.</summary>
    sealed record Closing(Epoch Epoch, Party From);

    public DispatcherManager(NodeId node)
    {
        SessionNumbers sessions = new();
        _modes = [new(Mode.Event, sessions), new(Mode.Redo, sessions)];
        _reporter = new(node, IsNeeded);
    }

    /// <summary>The epoch that it obeys.</summary>
    public Epoch Epoch => _ownership.Current;

    /// <summary>Whether it has something, or waits for somebody to say what it shall have.</summary>
    internal bool IsOwned => _ownership.IsOwned;

    /// <summary>Up to where the dispatcher's span is durable; null: it is not here.</summary>
    public CommitTs? CheckpointOf(Mode mode, DispatcherId dispatcher) => Of(mode).Set.Find(dispatcher)?.Checkpoint;

    public void Handle(Input input, TimeSpan now, Effects effects)
    {
        if (_isFenced) return;
        switch (input)
        {
            case Received { Message: ControlMessage message } received:
                OnMessage(received.From, message, now, effects);
                break;
            case SessionLost lost:
                OnLost(lost, now, effects);
                break;
            case DispatcherInput about:
                Of(about.Mode).Handle(about, now, effects);
                break;
            case ResolvedArrived resolved:
                foreach (ModePipeline mode in _modes) mode.Raise(resolved);
                break;
            case Tick:
                OnTick(now, effects);
                break;
            case SendEnded ended:
                foreach (ModePipeline mode in _modes)
                {
                    if (mode.Queue.Ended(ended.Token, ended.IsSent)) SendReports(mode, now, effects);
                }

                break;
            case NodeFailed failed:
                _reporter.Fail(failed);
                Report(now, effects);
                break;
            case ShuttingDown:
                SendAllReports(effects);
                break;
            case WritePathClosed:
                _isFenced = true;
                effects.Add(new CancelWritePath());
                return;
        }

        EndClosing(effects);
    }

    /// <summary>No retry mends it, and no other dispatcher of the span could go on either. Whether this one has the
    /// span is for the maintainer to say.</summary>
    void OnLost(SessionLost lost, TimeSpan now, Effects effects)
    {
        if (!IsNeeded(lost)) return;
        _reporter.Lost.Add(lost);
        Report(now, effects);
    }

    /// <summary>Whether that is lost stops the changefeed. Not what a dispatcher has in hand, or has passed. One behind
    /// the persisted checkpoint is a leftover: another incarnation has brought that there.</summary>
    bool IsNeeded(SessionLost lost) =>
        Of(lost.Mode).Set.Find(lost.Dispatcher, lost.Owner) is { } dispatcher
        && dispatcher.Session == lost.Session && dispatcher.Checkpoint >= _known && dispatcher.Needs(lost.Behind);

    void OnMessage(Party from, ControlMessage message, TimeSpan now, Effects effects)
    {
        if (message.Epoch >= _ownership.Current) _owner.Heard(now);
        switch (message)
        {
            case CloseRequest close: OnClose(from, close, effects); return;
            case CheckpointNotice notice: OnCheckpoint(notice, effects); return;
            case BootstrapRequest or PostBootstrapRequest: break;
            case ScheduleRequest or MergeRequest or BlockInstructions: break;
            default: return;
        }

        if (message.Epoch < _ownership.Current)
            effects.Send(from, new Superseded(message.Epoch, _ownership.Current));
        else if (message is BootstrapRequest request) OnBootstrap(from, request, now, effects);
        else if (_ownership.Allows(message.Epoch)) Obey(from, message, now, effects);
    }

    void Obey(Party from, ControlMessage message, TimeSpan now, Effects effects)
    {
        switch (message)
        {
            case PostBootstrapRequest:
                OnPostBootstrap(from, now, effects);
                break;
            case BlockInstructions instructions:
                OnInstructions(instructions, now, effects);
                break;
            case ScheduleRequest request when _closing is null:
                ScheduleHandling schedule = Of(request.Mode).Schedule;
                foreach (ScheduleItem item in request.Items.AsSpan()) schedule.Handle(request.Epoch, item, effects);
                break;
            case MergeRequest merge when _closing is null:
                Of(merge.Mode).Merges.Begin(merge.Epoch, merge.Item, effects);
                break;
        }
    }

    void OnBootstrap(Party from, BootstrapRequest request, TimeSpan now, Effects effects)
    {
        if (request.Epoch == Epoch.None || _ownership.IsBuried(request.Epoch)) return;
        if (Refusal(request) is { } refusal)
        {
            effects.Send(from, new BootstrapResponse(request.Epoch, [], [], refusal));
            return;
        }

        if (request.Epoch > _ownership.Current) Take(from, request, now);
        var spans = ImmutableArray.CreateBuilder<SpanSnapshot>();
        var operations = ImmutableArray.CreateBuilder<OperationSnapshot>();
        foreach (ModePipeline mode in _modes) mode.Describe(spans, operations);
        effects.Send(from, new BootstrapResponse(
            request.Epoch, spans.DrainToImmutable(), operations.DrainToImmutable(), null));
    }

    /// <summary>Before anything changes: one with another trigger is not this changefeed's.</summary>
    string? Refusal(BootstrapRequest request)
    {
        foreach (DispatcherId id in request.Triggers.AsSpan())
        {
            if (id != DispatcherId.TriggerOf(Mode.Event) && id != DispatcherId.TriggerOf(Mode.Redo))
            {
                return $"The table trigger {id} is not one of this changefeed.";
            }
        }

        foreach (ModePipeline mode in _modes)
        {
            DispatcherId trigger = DispatcherId.TriggerOf(mode.Mode);
            if (mode.Set.Find(trigger) is not null && !request.Triggers.Contains(trigger))
            {
                return $"The {trigger} is here, and was not named.";
            }
        }

        return null;
    }

    void Take(Party from, BootstrapRequest request, TimeSpan now)
    {
        _ownership.Take(request.Epoch, from);
        _hasRedo = request.Triggers.Contains(DispatcherId.TriggerOf(Mode.Redo));
        (_closing, _isRemoved) = (null, false);
        _reporter.Restart();
        foreach (ModePipeline mode in _modes) mode.OnNewOwner(request.Epoch, now);
    }

    void OnPostBootstrap(Party from, TimeSpan now, Effects effects)
    {
        foreach (ModePipeline mode in _modes)
        {
            mode.Schedule.Journal.ForgetStaleCreates(_ownership.Current);
            mode.RepeatAll(now);
        }

        effects.Send(from, new PostBootstrapResponse(_ownership.Current));
    }

    void OnInstructions(BlockInstructions instructions, TimeSpan now, Effects effects)
    {
        ModePipeline mode = Of(instructions.Mode);
        foreach (BlockInstruction instruction in instructions.Items.AsSpan()) mode.Instruct(instruction, now, effects);
    }

    void OnCheckpoint(CheckpointNotice notice, Effects effects)
    {
        if (notice.Checkpoint <= _known) return;
        _known = notice.Checkpoint;
        effects.Add(new CheckpointKnown(_known));
    }

    void OnClose(Party from, CloseRequest request, Effects effects)
    {
        // A stale one is told what lets it end; nothing is done for it.
        if (request.Epoch < _ownership.Current)
        {
            effects.Send(from, new CloseResponse(request.Epoch, true));
            return;
        }

        if (request.Epoch == Epoch.None) return;
        if (request.Epoch > _ownership.Current) _ownership.Take(request.Epoch, from);
        _isRemoved |= request.Remove;
        _closing = new(request.Epoch, from);
        if (_ownership.IsBuried(request.Epoch)) return;
        foreach (ModePipeline mode in _modes) mode.Close(effects);
        if (!IsEmpty) effects.Send(from, new CloseResponse(request.Epoch, false));
    }

    /// <summary>Once nothing is left: the tombstone, and the answer.</summary>
    void EndClosing(Effects effects)
    {
        if (_closing is not { } closing || !IsEmpty) return;
        _closing = null;
        if (!_ownership.IsBuried(closing.Epoch)) SendAllReports(effects);
        _ownership.Bury(closing.Epoch);
        _reporter.Recover();
        if (_isRemoved) effects.Add(new CleanUp());
        effects.Send(closing.From, new CloseResponse(closing.Epoch, true));
    }

    void OnTick(TimeSpan now, Effects effects)
    {
        foreach (ModePipeline mode in _modes) mode.OnTick(now, effects);
        if (!_ownership.IsOwned) return;
        bool asks = _closing is null && _owner.IsAskDue(now);
        if (asks) effects.Send(Party.Changefeed, new MaintainerSought(_ownership.Current));
        bool isQuiet = _owner.IsQuiet && !asks;
        foreach (ModePipeline mode in _modes)
        {
            mode.QueueReports();
            if (!isQuiet || !mode.Queue.HasFailed) SendReports(mode, now, effects);
        }

        if (!isQuiet) Report(now, effects);
    }

    void SendReports(ModePipeline mode, TimeSpan now, Effects effects)
    {
        if (!_ownership.IsOwned || !mode.Queue.TrySend(++_token, now, out ImmutableArray<BlockStatus> statuses)) return;
        BlockStatusRequest request = new(_ownership.Current, mode.Mode, statuses);
        effects.Add(new Send(_ownership.Maintainer, request, _token));
    }

    void SendAllReports(Effects effects)
    {
        if (!_ownership.IsOwned) return;
        foreach (ModePipeline mode in _modes)
        {
            mode.QueueReports();
            while (mode.Queue.TryTake(out ImmutableArray<BlockStatus> statuses))
            {
                effects.Send(_ownership.Maintainer, new BlockStatusRequest(_ownership.Current, mode.Mode, statuses));
            }

            mode.Queue.Clear();
        }
    }

    void Report(TimeSpan now, Effects effects)
    {
        if (!_ownership.IsOwned) return;
        int count = _hasRedo ? _modes.Length : 1;
        _reporter.Report(_ownership, _modes.AsSpan(0, count), now, effects);
    }

    bool IsEmpty => _modes[0].Set.All.Count == 0 && _modes[1].Set.All.Count == 0;

    ModePipeline Of(Mode mode) => _modes[mode == Mode.Redo ? 1 : 0];
}
