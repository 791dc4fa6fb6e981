using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>One incarnation of a dispatcher, as docs/protocol.md says that it behaves.</summary>
internal sealed class ModelDispatcher(RandomWorld world, SpanTask task, CommitTs start)
{
    readonly SortedDictionary<BlockEventId, BlockPayload> _scheduled = [];
    readonly Owner _owner = task.Owner;
    string _schema = task.Schema;
    int? _standsAt;
    bool _isAcknowledged;
    TimeSpan _nextReport;

    public SpanTask Task { get; } = task;
    public NodeId Node { get; } = task.Node;
    public CommitTs Position { get; private set; } = start;
    public bool IsAtEnd => Position == world.History.End && _scheduled.Count == 0;

    /// <summary>What a heartbeat says: below what the schedule has not been told of for certain.</summary>
    public CommitTs Checkpoint =>
        _scheduled.Count == 0 ? Position : CommitTs.Min(Position, _scheduled.Keys.First().At.Previous);

    public bool IsCalled(Addressees to) => to switch
    {
        Addressees.Some some => some.Ids.Contains(Task.Id),
        Addressees.OfSchema schema => Task.Id.IsTrigger || _schema == schema.Schema,
        _ => true,
    };

    public SpanSnapshot Snapshot() => new(
        Task.Mode, Task.Id, _owner, Task.Span, _schema, ComponentState.Working, Checkpoint,
        _standsAt is { } at
            ? new BlockSnapshot(world.History.Events[at].Id, BlockStage.Waiting, world.History.Events[at].Payload)
            : null);

    /// <summary>Another maintainer has taken over: what waits is offered again.</summary>
    public void OfferAgain() => (_isAcknowledged, _nextReport) = (false, default);

    public void Step(TimeSpan now)
    {
        if (_standsAt is null) Advance();
        if (now < _nextReport) return;
        _nextReport = now + TimeSpan.FromSeconds(5);
        foreach ((BlockEventId id, BlockPayload payload) in _scheduled) Say(id, BlockStage.Scheduled, null, payload);
        if (_standsAt is { } at && !_isAcknowledged)
            Say(world.History.Events[at].Id, BlockStage.Waiting, null, world.History.Events[at].Payload);
    }

    public void Take(BlockInstruction instruction)
    {
        BlockEventId id = instruction.Event;
        bool matches = _standsAt is { } at && world.History.Events[at].Id == id;
        switch (instruction.Kind)
        {
            case InstructionKind.Acknowledge:
                _scheduled.Remove(id);
                if (matches) _isAcknowledged = true;
                break;
            case InstructionKind.Ignored:
                if (matches) _isAcknowledged = false;
                if (matches || _scheduled.ContainsKey(id)) _nextReport = default;
                break;
            default:
                BlockAction action = instruction.Kind == InstructionKind.Write ? BlockAction.Write : BlockAction.Pass;
                if (matches)
                {
                    if (action == BlockAction.Write) world.Execute(_standsAt!.Value, this);
                    else world.CheckPass(_standsAt!.Value);
                    Leave(_standsAt!.Value);
                }

                if (Position >= id.At) Say(id, BlockStage.Done, action, null);
                break;
        }
    }

    void Advance()
    {
        for (int i = 0; i < world.History.Events.Count; i++)
        {
            (BlockEventId id, BlockPayload payload) = world.History.Events[i];
            if (id.At <= Position || !world.History.Stops(i, Task.Span.Table.Value)) continue;
            MoveTo(id.At.Previous);
            if (RandomHistory.IsAlone(payload))
            {
                world.Execute(i, this);
                _scheduled.Add(id, payload);
                _nextReport = default;
                Leave(i);
                return;
            }

            if (_scheduled.Count > 0) return;
            (_standsAt, _isAcknowledged, _nextReport) = (i, false, default);
            return;
        }

        MoveTo(world.History.End);
    }

    void Leave(int index)
    {
        _standsAt = null;
        foreach (MovedTable moved in world.History.Events[index].Payload.Moved)
            if (moved.Table == Task.Span.Table) _schema = moved.To;
        MoveTo(world.History.Events[index].Id.At);
    }

    void MoveTo(CommitTs position)
    {
        Position = position;
        world.Durable(Task.Span, position);
    }

    void Say(BlockEventId id, BlockStage stage, BlockAction? action, BlockPayload? payload) =>
        world.Say(Node, new BlockStatus(Task.Id, _owner, id, stage, action, payload));
}
