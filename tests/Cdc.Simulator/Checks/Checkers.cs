using Cdc.Protocol;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Driving;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Checks;

/// <summary>Looks at everything that goes into and comes out of the roles.</summary>
public sealed class Checkers(World world)
{
    readonly HashSet<TableId> _parked = [];

    /// <summary>The persisted checkpoint.</summary>
    public CommitTs Checkpoint { get; private set; }

    public bool IsParked(TableId table) => _parked.Contains(table);

    /// <summary>Whether a table that the source has is out of the schedule.</summary>
    public bool AnyParked(ModelSource source)
    {
        foreach (TableId table in _parked)
            if (source.Tables[table].Dropped is null) return true;
        return false;
    }

    public IReadOnlyCollection<TableId> Parked => _parked;

    public void Before(RoleHost host, Input input)
    {
        world.Trace.Count((ulong)world.Agenda.Now.Ticks);
        world.Trace.Count((ulong)input.GetType().Name.Length);
    }

    public void After(RoleHost host, Effect effect)
    {
        if (!world.Trace.KeepsLines || effect is Send) return;
        world.Say($"{host}: {effect}");
    }

    /// <summary>A record is durable: the source may forget what lies before its checkpoint.</summary>
    public void Persisted(ChangefeedRecord record)
    {
        CommitTs checkpoint = record.Checkpoint;
        if (checkpoint < Checkpoint)
            throw new ViolationException("INV-19", $"the checkpoint goes back from {Checkpoint} to {checkpoint}");
        Checkpoint = checkpoint;
        _parked.Clear();
        foreach (Protocol.Messages.ParkedTable parked in record.Parking.Tables) _parked.Add(parked.Table);
        world.Target.CheckDurable(checkpoint);
        world.Log.Forget(checkpoint);
    }
}
