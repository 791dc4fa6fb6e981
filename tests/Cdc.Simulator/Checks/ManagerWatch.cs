using System.Collections.Immutable;
using Cdc.Protocol;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using Cdc.Simulator.Cluster;

namespace Cdc.Simulator.Checks;

/// <summary>One dispatcher manager: its dispatchers, whom it obeys, and what it reports.</summary>
public sealed class ManagerWatch(RoleHost host)
{
    readonly DispatcherManager _role = (DispatcherManager)host.Role;
    readonly Dictionary<(Mode, DispatcherId), Incarnation> _current = [];
    readonly Dictionary<DispatcherKey, Incarnation> _all = [];
    readonly ReportRules[] _reports = [new(), new()];
    readonly ImmutableArray<BlockStatus>[] _sent = [default, default];
    CommitTs _resolved;
    long _step;

    public Epoch Epoch { get; private set; }

    /// <summary>The greatest epoch at which everything was closed.</summary>
    public Epoch Tombstone { get; private set; }

    /// <summary>Whether the last request of reports was one that could not be sent before.</summary>
    public bool SaysAgain { get; private set; }

    /// <summary>The input that is being handled.</summary>
    public Input Input { get; private set; } = Tick.Now;

    public IEnumerable<Incarnation> Living => _current.Values.Where(static i => !i.IsDropped);

    public Incarnation? Find(Mode mode, DispatcherId id) =>
        _current.TryGetValue((mode, id), out Incarnation? found) && !found.IsDropped ? found : null;

    public Incarnation? Find(Mode mode, DispatcherId id, Owner owner) =>
        _all.GetValueOrDefault(new DispatcherKey(mode, id, owner));

    public void Before(Input input)
    {
        _step++;
        Input = input;
        Rules.Ensure(_role.Epoch >= Epoch, "INV-26", host, $"goes back from {Epoch} to {_role.Epoch}");
        Epoch = _role.Epoch;
        switch (input)
        {
            case DispatcherInput about:
                Take(about);
                break;
            case ResolvedArrived resolved:
                _resolved = CommitTs.Max(_resolved, resolved.Ts);
                break;
            case Received { Message: BlockInstructions orders } when orders.Epoch == Epoch:
                foreach (BlockInstruction order in orders.Items) Told(orders.Mode, order);
                break;
            case Received { Message: BootstrapRequest or PostBootstrapRequest or CloseRequest } received:
                Owned((ControlMessage)received.Message);
                break;
            case Tick:
                for (int i = 0; i < _reports.Length; i++) _reports[i].OnTick(host.Node.Clock, (Mode)i, _current.Values);
                break;
            case SendEnded ended:
                foreach (ReportRules reports in _reports) reports.Ended(ended);
                break;
        }
    }

    public void After(Effect effect)
    {
        OwnershipOf(effect);
        switch (effect)
        {
            case ClaimSpan claim: Claim(claim); break;
            case DispatcherEffect { } done: Find(done.Mode, done.Dispatcher, done.Owner)?.Do(done, _step); break;
            case Send { Message: Heartbeat heartbeat }: Check(heartbeat); break;
            case Send { Message: BootstrapResponse { Refusal: null } answer }: Check(answer); break;
            case Send { Message: BlockStatusRequest reports } send: Check(reports, send.Token); break;
            case Send { Message: CloseResponse { IsClosed: true } closed } when closed.Epoch >= _role.Epoch:
                Tombstone = closed.Epoch;
                break;
        }
    }

    /// <summary>Whether a message is of a maintainer that is not obeyed.</summary>
    public bool IsStale => Input is Received
    {
        Message: ScheduleRequest or MergeRequest or BlockInstructions or PostBootstrapRequest or CloseRequest
    } received && ((ControlMessage)received.Message).Epoch < Epoch;

    void Take(DispatcherInput input)
    {
        if (Find(input.Mode, input.Dispatcher, input.Owner) is not { } one) return;
        one.Take(input);
        if (input is SinkFlushed) one.SaidAt = host.Node.Clock;
    }

    void OwnershipOf(Effect effect)
    {
        if (Input is not Received { Message: ControlMessage message }) return;
        if (message is CloseRequest && IsStale)
        {
            Rules.Ensure(effect is Send { Message: CloseResponse { IsClosed: true } }, "INV-30", host,
                "does more than answer a stale close", effect);
        }
        else if (IsStale || (message is BootstrapRequest && message.Epoch < Epoch))
        {
            Rules.Ensure(effect is Send { Message: Superseded }, "INV-26", host,
                $"obeys {message.Epoch}, being at {Epoch}", effect);
        }
        else if (message is ScheduleRequest or MergeRequest or BlockInstructions)
        {
            Rules.Ensure(message.Epoch == Epoch, "INV-26", host, $"obeys {message.Epoch}, being at {Epoch}", effect);
        }
    }

    void Told(Mode mode, BlockInstruction order)
    {
        if (order.To is Addressees.Some some)
        {
            foreach (DispatcherId id in some.Ids) Told(Find(mode, id), order);
            return;
        }

        foreach (Incarnation one in _current.Values)
        {
            if (one.Mode == mode && !one.IsDropped) Told(one, order);
        }
    }

    static void Told(Incarnation? to, BlockInstruction order)
    {
        if (to is null) return;
        if (order.Kind == InstructionKind.Acknowledge) to.Acknowledged(order.Event);
        else if (order.Kind != InstructionKind.Ignored)
            to.Told(order.Event, order.Kind == InstructionKind.Write, isSure: order.To is not Addressees.OfSchema);
    }

    void Owned(ControlMessage message)
    {
        foreach (ReportRules reports in _reports)
            if (message.Epoch >= Epoch) reports.Owner(isClosing: message is CloseRequest);
        bool isNew = message is BootstrapRequest && message.Epoch > Epoch && message.Epoch > Tombstone;
        foreach (Incarnation one in _current.Values)
        {
            one.SaidAt = host.Node.Clock;
            if (isNew) one.NewOwner(host.Node.Clock);
        }
    }

    void Claim(ClaimSpan claim)
    {
        DispatcherKey key = new(claim.Mode, claim.Dispatcher, claim.Owner);
        if (!_all.TryGetValue(key, out Incarnation? one))
        {
            if (_current.TryGetValue((claim.Mode, claim.Dispatcher), out Incarnation? former))
            {
                Rules.Ensure(former.IsDropped, "INV-28", former, "is replaced in place", claim);
                Rules.Ensure(former.Owner < claim.Owner, "INV-28", former, "is replaced by an earlier one", claim);
            }

            one = new(claim.Mode, claim.Dispatcher, claim.Owner, claim.Span);
            _all.Add(key, one);
            _current[(claim.Mode, claim.Dispatcher)] = one;
        }

        one.Do(claim, _step);
    }

    void Check(Heartbeat heartbeat)
    {
        foreach (ref readonly SpanStatus status in heartbeat.Statuses.AsSpan())
            Check(Find(heartbeat.Mode, status.Id, status.Owner), status.Checkpoint);
        if (heartbeat.Watermark.Checkpoint is not { } watermark) return;
        foreach (Incarnation one in _current.Values)
        {
            if (one.Mode == heartbeat.Mode && !one.IsDropped) Check(one, watermark);
        }
    }

    void Check(BootstrapResponse answer)
    {
        Rules.Ensure(answer.Epoch > Tombstone, "INV-27", host, "comes back from its tombstone", answer.Epoch);
        foreach (SpanSnapshot span in answer.Spans) Check(Find(span.Mode, span.Id, span.Owner), span.Checkpoint);
    }

    static void Check(Incarnation? one, CommitTs checkpoint)
    {
        if (one is null || one.Cap is not { } cap || checkpoint < cap) return;
        string rule = one.FirstScheduled <= checkpoint ? "INV-9" : "INV-10";
        Rules.Ensure(false, rule, one, $"says that it is at {checkpoint}, and {cap} is not durable or not scheduled");
    }

    void Check(BlockStatusRequest request, long? token)
    {
        // What is sent again says nothing new.
        int mode = (int)request.Mode;
        SaysAgain = request.Statuses == _sent[mode];
        _sent[mode] = request.Statuses;
        _reports[mode].Sent(request, token);
        foreach (BlockStatus status in request.Statuses)
        {
            if (Find(request.Mode, status.Dispatcher, status.Owner) is not { } one) continue;
            if (!SaysAgain) ReportRules.Check(one, status, _resolved);
            if (status.Stage == BlockStage.Waiting && one.IsWaitingAt(status.Event)) one.SaidAt = host.Node.Clock;
        }
    }
}
