using Cdc.Protocol;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Checks;

/// <summary>Looks at everything that goes into and comes out of the roles.</summary>
public sealed class Checkers(World world)
{
    readonly HashSet<TableId> _parked = [];
    readonly HashSet<TableId> _forgotten = [];
    ParkingRecord _parking = new([], Epoch.None, [], []);
    readonly Dictionary<RoleHost, ManagerWatch> _managers = [];
    readonly Dictionary<RoleHost, MaintainerWatch> _maintainers = [];
    readonly HashSet<Epoch> _stopped = [];
    readonly GrantRules _grants = new();
    readonly ManagerCases _managerCases = new(world.Reached);
    readonly MaintainerCases _maintainerCases = new(world);
    readonly SessionCases _sessionCases = new(world.Reached);

    /// <summary>The persisted checkpoint.</summary>
    public CommitTs Checkpoint { get; private set; }

    /// <summary>The greatest epoch that was ever stored.</summary>
    public Epoch PersistedEpoch { get; private set; }

    /// <summary>Whether what is stored says that it runs.</summary>
    public bool IsRunning { get; private set; }

    public Liveness Liveness { get; } = new(world);

    /// <summary>Whether it is stored that a parked table is to come back.</summary>
    public bool IsWanted(TableId table) => _parking.Wanted.Contains(table);

    /// <summary>Whether nothing is to run, and a maintainer has had everything closed that it saw.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Whether it is gone for good.</summary>
    public bool IsRemoved { get; private set; }

    /// <summary>Whether it waits for an operator, and everything is closed.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether what a table holds counts for nothing: it is parked, or was when it was dropped, so that what
    /// stopped it alone meanwhile was done by nobody.</summary>
    public bool IsParked(TableId table) => _parked.Contains(table) || _forgotten.Contains(table);

    /// <summary>Whether a table that the source has is out of the schedule.</summary>
    public bool AnyParked(ModelSource source)
    {
        foreach (TableId table in _parked)
            if (source.Tables[table].Dropped is null) return true;
        return false;
    }

    public IReadOnlyCollection<TableId> Parked => _parked;

    /// <summary>Whether a table is kept that will never come back: its drop lies behind.</summary>
    public bool KeepsDropped => _parked.Any(table => world.Source.Tables[table].Dropped <= Checkpoint);

    public void Before(RoleHost host, Input input)
    {
        if (world.Trace.KeepsLines && input is not (Tick or Received)) world.Say($"{host} <- {input}");
        world.Trace.Count((ulong)world.Agenda.Now.Ticks);
        world.Trace.Count((ulong)input.GetType().Name.Length);
        switch (host.Role)
        {
            case DispatcherManager:
                ManagerWatch manager = ManagerOf(host);
                _managerCases.Before(manager, input);
                manager.Before(input);
                break;
            case Maintainer:
                MaintainerWatch maintainer = MaintainerOf(host);
                _maintainerCases.Before(maintainer, host, input);
                maintainer.Before(input);
                if (input is Tick) Liveness.Look(host);
                break;
            case EventCollector or EventService:
                _sessionCases.Before(host, input);
                break;
        }
    }

    public void After(RoleHost host, Effect effect)
    {
        if (world.Trace.KeepsLines && effect is not Send) world.Say($"{host}: {effect}");
        switch (host.Role)
        {
            case DispatcherManager:
                ManagerWatch manager = ManagerOf(host);
                manager.After(effect);
                _managerCases.After(manager, effect);
                // What could not be sent was heard by nobody, and is sent again until it can be.
                if (effect is Send { Message: BlockStatusRequest request } && !manager.SaysAgain)
                    Liveness.Reported(host, request);
                break;
            case Maintainer:
                MaintainerWatch maintainer = MaintainerOf(host);
                maintainer.After(effect);
                _maintainerCases.After(maintainer, host, effect);
                if (effect is Send { Message: MaintainerStopped stopped }) _stopped.Add(stopped.Epoch.Next);
                if (effect is Send { Message: BlockInstructions orders }) Liveness.Ordered(host, orders);
                break;
            case Changefeed:
                if (effect is ConfirmMissing) world.Reached.Reached(HardCase.SoughtWithoutRecord);
                if (effect is Send { Message: CloseRequest close }) _grants.Closed(close, IsRemoved);
                if (effect is not Send { Message: EpochGrant grant }) break;
                _grants.Granted(grant, PersistedEpoch);
                bool isClosedBefore = grant.Purpose != MaintainerPurpose.Run && _stopped.Contains(grant.Epoch);
                if (isClosedBefore) world.Reached.Reached(HardCase.StoppedLost);
                break;
            case EventCollector or EventService:
                _sessionCases.After(host, effect);
                break;
        }
    }

    /// <summary>A record is durable: the source may forget what lies before its checkpoint.</summary>
    public void Persisted(ChangefeedRecord record)
    {
        CommitTs checkpoint = record.Checkpoint;
        if (checkpoint < Checkpoint)
            throw new ViolationException("INV-19", $"the checkpoint goes back from {Checkpoint} to {checkpoint}");
        Checkpoint = checkpoint;
        bool isLater = record.Epochs.Latest >= PersistedEpoch;
        Rules.Ensure(isLater, "INV-29", "the record", $"goes back from {PersistedEpoch}");
        Liveness.Persisted(record);
        PersistedEpoch = record.Epochs.Latest;
        IsRunning = record.IsRunning;
        _parking = record.Parking;
        IsClosed = !record.IsRunning && record.Closing == Protocol.Changefeeds.Closing.None;
        IsRemoved = record.State == ChangefeedState.Removed;
        HasFailed = record is { State: ChangefeedState.Failed, Closing: Protocol.Changefeeds.Closing.None };
        if (record.State == ChangefeedState.Failed) CheckFailure(record.Trouble!.Message);
        foreach (TableId table in _parked)
        {
            if (record.Parking.Tables.Contains(new(table))) continue;
            if (world.Source.Tables[table].Dropped <= checkpoint) _forgotten.Add(table);
            world.Reached.Reached(_forgotten.Contains(table) ? HardCase.ParkedAndDropped : HardCase.CopiedBack);
        }

        _parked.Clear();
        foreach (ParkedTable parked in record.Parking.Tables) _parked.Add(parked.Table);
        if (world.Broken.Table is { } broken && _parked.Contains(broken))
        {
            world.Reached.Reached(HardCase.ParkedByFailure);
            world.Broken.Mend();
        }

        foreach (Mode mode in world.Modes) world.TargetOf(mode).CheckDurable(checkpoint);
        world.Service.Persisted(checkpoint);
    }

    /// <summary>Nothing but a loss is for an operator, and it is said.</summary>
    void CheckFailure(string message)
    {
        Rules.Ensure(world.Service.Slot.WasLost, "a gap", message, "is said, and the source has lost nothing");
        Rules.Ensure(message.Contains("is lost", StringComparison.Ordinal), "a gap", message, "does not say so");
        bool isNeeded = Checkpoint < world.Service.Slot.LostUpTo;
        Rules.Ensure(isNeeded, "a gap", message, $"is said, and the checkpoint {Checkpoint} has passed it");
        world.Reached.Reached(HardCase.SlotLost);
    }

    ManagerWatch ManagerOf(RoleHost host)
    {
        if (!_managers.TryGetValue(host, out ManagerWatch? watch)) _managers.Add(host, watch = new(host));
        return watch;
    }

    MaintainerWatch MaintainerOf(RoleHost host)
    {
        if (!_maintainers.TryGetValue(host, out MaintainerWatch? watch))
            _maintainers.Add(host, watch = new(world, host));
        return watch;
    }
}
