using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Checks;

/// <summary>One maintainer: what it was told of block events, what it orders, and whether it may.</summary>
public sealed class MaintainerWatch(World world, RoleHost host)
{
    readonly Maintainer _role = (Maintainer)host.Role;
    readonly Dictionary<BlockEventId, Writer> _writers = [];
    readonly HashSet<(BlockEventId, DispatcherId, Owner)> _waiting = [];
    readonly HashSet<(BlockEventId, DispatcherId, Owner)> _writing = [];
    CommitTs _reported;

    /// <summary>Who was told to execute an event.</summary>
    public sealed record Writer(DispatcherId Id, Owner Owner)
    {
        public bool IsDone { get; set; }
    }

    public Input Input { get; private set; } = Tick.Now;

    internal Schedule? Schedule => _role.Tenure?.Modes[0].Schedule;

    public Writer? WriterOf(BlockEventId id) => _writers.GetValueOrDefault(id);

    public void Before(Input input)
    {
        Input = input;
        switch (input)
        {
            case Received { Message: BlockStatusRequest request } when request.Epoch == _role.Epoch:
                foreach (BlockStatus status in request.Statuses) Hear(status);
                break;
            case Received { Message: BootstrapResponse answer } when answer.Epoch == _role.Epoch:
                foreach (SpanSnapshot span in answer.Spans) Hear(span);
                break;
        }
    }

    public void After(Effect effect)
    {
        if (effect is not Send { Message: ControlMessage message }) return;
        switch (message)
        {
            case BlockInstructions orders:
                foreach (BlockInstruction order in orders.Items) Check(order);
                break;
            case ScheduleRequest request:
                foreach (ScheduleItem item in request.Items) Check(item);
                break;
            case MaintainerReport report:
                Rules.Ensure(report.Checkpoint >= _reported, "INV-19", host, $"goes back from {_reported}", report);
                _reported = report.Checkpoint;
                break;
        }

        bool speaks = message is EpochRequest || message.Epoch == _role.Epoch;
        Rules.Ensure(speaks, "INV-29", host, $"speaks for {message.Epoch}, being {_role.Epoch}");
        Rules.Ensure(message.Epoch <= world.Checks.PersistedEpoch, "INV-29", host, "speaks for an epoch nobody stored");
    }

    void Hear(BlockStatus status)
    {
        if (Schedule?.Find(status.Dispatcher) is not { } task || task.Owner != status.Owner) return;
        if (status.Stage == BlockStage.Waiting && task.IsReplicating)
            _waiting.Add((status.Event, status.Dispatcher, status.Owner));
        if (status is { Stage: BlockStage.Done, Action: BlockAction.Write } && WriterOf(status.Event) is { } writer
            && writer.Id == status.Dispatcher && writer.Owner == status.Owner)
            writer.IsDone = true;
    }

    void Hear(SpanSnapshot span)
    {
        if (span.Block is not { } block) return;
        _waiting.Add((block.Event, span.Id, span.Owner));
        if (block.Stage == BlockStage.Writing) _writing.Add((block.Event, span.Id, span.Owner));
    }

    void Check(BlockInstruction order)
    {
        if (order.Kind == InstructionKind.Write) Write(order.Event, order.To);
        else if (order.Kind == InstructionKind.Pass) Pass(order.Event);
        else if (order.Kind == InstructionKind.Acknowledge) Acknowledge(order);
    }

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
        CheckWhole(block);
        CheckTrigger(id, writer, block);
        CheckOrder(block);
        _writers[id] = new(who, writer.Owner);
    }

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

    /// <summary>Tables that it needs in one span are.</summary>
    void CheckWhole(BlockStep block)
    {
        foreach (TableId table in block.Payload.Unsplit)
        {
            int spans = Schedule!.OfTable(table).Count;
            Rules.Ensure(spans <= 1, "INV-34", host, $"has it executed while table {table} is in {spans} spans", block);
        }
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
            Rules.Ensure(!isAll || world.Target.IsRecorded(earlier.Event), "INV-17", host,
                $"has {block.Event} executed before {earlier.Event}, which changes the schedule");
        }
    }

    void Pass(BlockEventId id)
    {
        Writer? writer = WriterOf(id);
        Rules.Ensure(writer is not null, "INV-14", host, "has others pass what it had nobody execute", id);
        bool isBeyond = Schedule?.Find(writer!.Id) is { } task && task.IsBeyond(id.At);
        Rules.Ensure(writer!.IsDone || isBeyond || Schedule?.Find(writer.Id) is null, "INV-14", host,
            $"has others pass before {writer.Id} has executed", id);
        Rules.Ensure(world.Target.IsRecorded(id), "INV-14", host, "has others pass what is not executed", id);
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

    void Check(ScheduleItem item)
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
            Rules.Ensure(world.Target.IsRecorded(made) || item.Copies, "INV-16", host,
                $"creates {item.Span} before {made} is executed", item);
        }
    }

    /// <summary>Whether the schedule is what the source has, the parked tables left out.</summary>
    public static bool IsRight(World world, RoleHost maintainer)
    {
        if (maintainer.Role is not Maintainer { Phase: MaintainerPhase.Running, Tenure: { } tenure }) return false;
        Schedule schedule = tenure.Modes[0].Schedule;
        int live = 0;
        foreach (TableHistory table in world.Source.Tables.Values)
        {
            if (table.Dropped is not null || world.Checks.IsParked(table.Table)) continue;
            live++;
            if (schedule.Spans.Table(table.Table) is not { } there || there.Schema != table.Schema) return false;
        }

        return live == schedule.Spans.Tables.Count;
    }

    /// <summary>What the newest maintainer has, beside what the source has.</summary>
    public static string Tables(World world)
    {
        IEnumerable<string> source = world.Source.Tables.Values.Where(static t => t.Dropped is null)
            .Select(t => $"{t.Table} {t.Schema}{(world.Checks.IsParked(t.Table) ? " parked" : "")}");
        IEnumerable<string> schedule = world.Activations.Newest?.Role is Maintainer { Tenure: { } tenure }
            ? tenure.Modes[0].Schedule.Spans.Tables.Values.Select(static t => $"{t.Table} {t.Schema}")
            : [];
        return $"{string.Join(", ", schedule)}; the source {string.Join(", ", source)}";
    }
}
