using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;
using Cdc.Simulator.Target;

namespace Cdc.Simulator.Checks;

/// <summary>One pipeline of one maintainer: what it was told of block events, what it orders, and whether it
/// may.</summary>
public sealed class BarrierWatch(World world, RoleHost host, Mode mode)
{
    readonly Maintainer _role = (Maintainer)host.Role;
    readonly ModelTarget _target = world.TargetOf(mode);
    readonly Dictionary<BlockEventId, Writer> _writers = [];
    readonly HashSet<(BlockEventId, DispatcherId, Owner)> _waiting = [];
    readonly HashSet<(BlockEventId, DispatcherId, Owner)> _writing = [];

    /// <summary>Who was told to execute an event.</summary>
    sealed record Writer(DispatcherId Id, Owner Owner)
    {
        public bool IsDone { get; set; }
    }

    public Mode Mode => mode;

    /// <summary>The input that is being handled.</summary>
    public Input Input { get; set; } = Tick.Now;

    internal Schedule? Schedule => _role.Tenure?.Find(mode)?.Schedule;

    /// <summary>Whether somebody stands at an event that the target does not have.</summary>
    public bool IsUnderWay(BlockEventId id) =>
        !_target.IsRecorded(id) && _waiting.Any(waiting => waiting.Item1 == id);

    public void Hear(BlockStatus status)
    {
        if (Schedule?.Find(status.Dispatcher) is not { } task || task.Owner != status.Owner) return;
        if (status.Stage == BlockStage.Waiting && task.IsReplicating)
            _waiting.Add((status.Event, status.Dispatcher, status.Owner));
        if (status is { Stage: BlockStage.Done, Action: BlockAction.Write } && WriterOf(status.Event) is { } writer
            && writer.Id == status.Dispatcher && writer.Owner == status.Owner)
            writer.IsDone = true;
    }

    public void Hear(SpanSnapshot span)
    {
        if (span.Block is not { } block) return;
        _waiting.Add((block.Event, span.Id, span.Owner));
        if (block.Stage == BlockStage.Writing) _writing.Add((block.Event, span.Id, span.Owner));
    }

    public void Check(BlockInstruction order)
    {
        if (order.Kind == InstructionKind.Write) Write(order.Event, order.To);
        else if (order.Kind == InstructionKind.Pass) Pass(order.Event);
        else if (order.Kind == InstructionKind.Acknowledge) Acknowledge(order);
    }

    Writer? WriterOf(BlockEventId id) => _writers.GetValueOrDefault(id);

    void Write(BlockEventId id, Addressees to)
    {
        Rules.Ensure(to is Addressees.Some { Ids.Length: 1 }, "INV-14", host, "orders several to execute", id);
        DispatcherId who = ((Addressees.Some)to).Ids[0];
        if (Schedule?.Find(who) is not { } writer) return;
        if (_writers.TryGetValue(id, out Writer? former) && (former.Id, former.Owner) == (who, writer.Owner)) return;
        if (former is not null && Schedule.Find(former.Id) is { } still)
        {
            bool isThere = still.Owner == former.Owner && still.IsReplicating && !still.IsBeyond(id.At);
            Rules.Ensure(!isThere, "INV-14", host, $"has {who} execute while {former} may be at it", id);
        }

        BlockStep block = world.Source.FindBlock(id)!;
        if (former is not null) world.Reached.Reached(HardCase.WriterReplaced);
        HardDdl.Reached(world, Schedule, block);
        Cover(block);
        CheckTrigger(id, writer, block);
        CheckOrder(block);
        CheckWhole(block);
        _writers[id] = new(who, writer.Owner);
    }

    /// <summary>The second pipeline may come to what made a table when a copy of it is in the schedule already.</summary>
    bool IsCopied(TableHistory table, CommitTs made) => mode == Mode.Redo && table.CopiedAt >= made;

    /// <summary>Everybody whom the event stops stands at it or is beyond.</summary>
    void Cover(BlockStep block)
    {
        switch (block.Payload.Influence)
        {
            case Influence.Normal normal:
                foreach (TableId table in normal.Tables)
                {
                    foreach (SpanTask task in Schedule!.OfTable(table)) Cover(block, task);
                    bool isKnown = Schedule.OfTable(table).Count > 0 || Schedule.Trigger.IsBeyond(block.At.Previous);
                    Rules.Ensure(isKnown, "INV-13", host,
                        $"does not know table {table}, and has it executed", block.Event);
                }

                break;
            case Influence.Database database:
                Cover(block, Schedule!.Trigger);
                foreach (SpanTask task in Schedule.OfSchema(database.Schema)) Cover(block, task);
                break;
            default:
                Cover(block, Schedule!.Trigger);
                foreach (SpanTask task in Schedule.All) Cover(block, task);
                break;
        }
    }

    void Cover(BlockStep block, SpanTask task)
    {
        if (task.IsBeyond(block.At)) return;
        Rules.Ensure(_waiting.Contains((block.Event, task.Id, task.Owner)), "INV-13", host,
            $"has it executed before {task} stands there", block.Event);
        // In a tick, operations may have begun behind the order.
        bool isReplicating = task.IsReplicating || Input is Tick;
        Rules.Ensure(isReplicating, "INV-13", host, $"counts {task}", block.Event);
    }

    void CheckTrigger(BlockEventId id, SpanTask writer, BlockStep block)
    {
        SpanTask trigger = Schedule!.Trigger;
        bool stopsIt = block.Payload.Influence is not Influence.Normal normal
            || normal.Tables.Contains(TableId.Trigger);
        bool waits = stopsIt && !trigger.IsBeyond(id.At) && _waiting.Contains((id, trigger.Id, trigger.Owner));
        bool isFormer = _writing.Contains((id, writer.Id, writer.Owner)) || _writers.ContainsKey(id);
        Rules.Ensure(writer.Id.IsTrigger || !waits || isFormer, "INV-15", host,
            $"has {writer.Id} execute, and the trigger stands there", id);
    }

    /// <summary>What means tables that only the schedule knows comes behind whatever makes or drops some.</summary>
    void CheckOrder(BlockStep block)
    {
        if (block.Payload.Influence is Influence.Normal && !block.Payload.ChangesSchedule) return;
        bool isAll = block.Payload.Influence is not Influence.Normal;
        ModelSource source = world.Source;
        for (int i = source.FirstBehind(world.Checks.Checkpoint); i < source.Steps.Count; i++)
        {
            if (source.Steps[i].At >= block.At) break;
            if (source.Steps[i] is not BlockStep { Payload.ChangesSchedule: true } earlier) continue;
            Rules.Ensure(!isAll || _target.IsRecorded(earlier.Event), "INV-17", host,
                $"has {block.Event} executed before {earlier.Event}, which changes the schedule");
        }
    }

    /// <summary>Tables that it needs in one span are.</summary>
    void CheckWhole(BlockStep block)
    {
        foreach (TableId table in block.Payload.Unsplit)
        {
            int spans = Schedule!.OfTable(table).Count;
            Rules.Ensure(spans <= 1, "INV-34", host, $"has it executed while table {table} is in {spans} spans", block);
        }
    }

    void Pass(BlockEventId id)
    {
        Writer? writer = WriterOf(id);
        Rules.Ensure(writer is not null, "INV-14", host, "has others pass what it had nobody execute", id);
        bool isBeyond = Schedule?.Find(writer!.Id) is { } task && task.IsBeyond(id.At);
        Rules.Ensure(writer!.IsDone || isBeyond || Schedule?.Find(writer.Id) is null, "INV-14", host,
            $"has others pass before {writer.Id} has executed", id);
        Rules.Ensure(_target.IsRecorded(id), "INV-14", host, "has others pass what is not executed", id);
    }

    void Acknowledge(BlockInstruction order)
    {
        if (order.To is not Addressees.Some some || Input is not Received { Message: BlockStatusRequest }) return;
        foreach (DispatcherId id in some.Ids)
        {
            bool counts = Schedule?.Find(id) is not { } task || task.IsReplicating;
            Rules.Ensure(counts, "INV-20", host, $"believes {id}, which does not replicate", order.Event);
        }
    }

    public void Check(ScheduleItem item)
    {
        if (item.Action != ScheduleAction.Create) return;
        // A create that a manager had in its journal goes on as the former maintainer said it.
        Rules.Ensure(item.Owner.Epoch <= _role.Epoch.Value, "INV-29", host, "makes an owner of a later epoch", item);
        if (item.Id.IsTrigger) return;
        TableHistory table = world.Source.Tables[item.Span.Table];
        Rules.Ensure(item.Span.IsWhole || !(table.WholeFrom <= item.Start), "INV-34", host,
            $"makes a part of a table that is not to be split from {table.WholeFrom} on", item);
        foreach ((CommitTs at, BlockEventId made) in table.Ddl)
        {
            if (at != table.Created) continue;
            Rules.Ensure(_target.IsRecorded(made) || item.Copies || IsCopied(table, at), "INV-16", host,
                $"creates {item.Span} before {made} is executed", item);
        }
    }
}
