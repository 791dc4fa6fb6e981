using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Checks;

/// <summary>One maintainer: for which epoch it speaks, what it reports, and its pipelines.</summary>
public sealed class MaintainerWatch
{
    readonly World _world;
    readonly RoleHost _host;
    readonly Maintainer _role;
    readonly BarrierWatch[] _modes;
    readonly HashSet<(TableId, ulong)> _back = [];
    CommitTs _reported;

    public MaintainerWatch(World world, RoleHost host)
    {
        (_world, _host, _role) = (world, host, (Maintainer)host.Role);
        _modes = [.. world.Modes.Select(mode => new BarrierWatch(world, host, mode))];
    }

    public Input Input { get; private set; } = Tick.Now;

    public IReadOnlyList<BarrierWatch> Modes => _modes;

    public void Before(Input input)
    {
        Input = input;
        foreach (BarrierWatch mode in _modes) mode.Input = input;
        switch (input)
        {
            case Received { Message: BlockStatusRequest request } when request.Epoch == _role.Epoch:
                foreach (BlockStatus status in request.Statuses) Of(request.Mode).Hear(status);
                break;
            case Received { Message: BootstrapResponse answer } when answer.Epoch == _role.Epoch:
                foreach (SpanSnapshot span in answer.Spans) Of(span.Mode).Hear(span);
                break;
        }
    }

    public void After(Effect effect)
    {
        if (effect is not Send { Message: ControlMessage message }) return;
        switch (message)
        {
            case BlockInstructions orders:
                foreach (BlockInstruction order in orders.Items) Of(orders.Mode).Check(order);
                break;
            case ScheduleRequest request:
                foreach (ScheduleItem item in request.Items) Of(request.Mode).Check(item);
                break;
            case ParkRequest { CopiedAt: not null } back when _back.Add((back.Table, back.Number)):
                // Said again when it has been in the schedule, and is dropped.
                bool isCopied = _role.Tenure!.Modes.All(mode => mode.Schedule.Spans.Table(back.Table) is not null);
                bool isBack = isCopied || _world.Source.Tables[back.Table].Dropped <= _world.Checks.Checkpoint;
                Rules.Ensure(isBack, "no loss", _host, "has a table back that has no copy and may be there", back);
                break;
            case MaintainerReport report:
                Rules.Ensure(report.Checkpoint >= _reported, "INV-19", _host, $"goes back from {_reported}", report);
                _reported = report.Checkpoint;
                break;
        }

        bool speaks = message is EpochRequest || message.Epoch == _role.Epoch;
        Rules.Ensure(speaks, "INV-29", _host, $"speaks for {message.Epoch}, being {_role.Epoch}");
        bool isStored = message.Epoch <= _world.Checks.PersistedEpoch;
        Rules.Ensure(isStored, "INV-29", _host, "speaks for an epoch nobody stored");
    }

    /// <exception cref="ViolationException">There is no such pipeline.</exception>
    public BarrierWatch Of(Mode mode)
    {
        Rules.Ensure((int)mode < _modes.Length, "mode", _host, "has to do with a pipeline that is not there", mode);
        return _modes[(int)mode];
    }

    /// <summary>Whether the schedule of each mode is what the source has, the parked tables left out.</summary>
    public static bool IsRight(World world, RoleHost maintainer)
    {
        if (maintainer.Role is not Maintainer { Phase: MaintainerPhase.Running, Tenure: { } tenure }) return false;
        return tenure.Modes.Count == world.Modes.Count && tenure.Modes.All(mode => IsRight(world, mode.Schedule));
    }

    static bool IsRight(World world, Schedule schedule)
    {
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
        IEnumerable<string> schedules = world.Activations.Newest?.Role is Maintainer { Tenure: { } tenure }
            ? tenure.Modes.Select(static m => $"{m.Mode}: "
                + string.Join(", ", m.Schedule.Spans.Tables.Values.Select(static t => $"{t.Table} {t.Schema}")))
            : [];
        return $"{string.Join("; ", schedules)}; the source {string.Join(", ", source)}";
    }
}
