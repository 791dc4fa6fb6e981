using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Simulator.Cluster;

namespace Cdc.Simulator.Checks;

/// <summary>Looks at everything that goes into and comes out of the roles.</summary>
public sealed class Checkers(World world)
{
    /// <summary>The persisted checkpoint.</summary>
    public CommitTs Checkpoint { get; private set; }

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

    /// <summary>A checkpoint is durable: the source may forget what lies before it.</summary>
    public void Persisted(CommitTs checkpoint)
    {
        if (checkpoint < Checkpoint)
            throw new ViolationException("INV-19", $"the checkpoint goes back from {Checkpoint} to {checkpoint}");
        Checkpoint = checkpoint;
        world.Target.CheckDurable(checkpoint, static _ => false);
        world.Log.Forget(checkpoint);
    }
}
