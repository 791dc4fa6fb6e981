using Cdc.Protocol;

namespace Cdc.Simulator.Cluster;

/// <summary>One life of one node: its own clock, which may run ahead or behind, and its own pauses.</summary>
public sealed class SimNode(NodeId id, int number, Agenda agenda, TimeSpan clockOffset, double clockRate)
{
    readonly TimeSpan _born = agenda.Now;

    public NodeId Id { get; } = id;

    /// <summary>The machine; its incarnations share it.</summary>
    public int Number { get; } = number;

    public bool IsAlive { get; set; } = true;

    /// <summary>Nothing runs on it before.</summary>
    public TimeSpan PausedUntil { get; set; }

    /// <summary>Its own time, which never goes back.</summary>
    public TimeSpan Clock => clockOffset + (agenda.Now - _born) * clockRate;

    /// <summary>Runs something on this node: after its pause, and not at all if it is dead by then.</summary>
    public void Run(Action action)
    {
        if (!IsAlive) return;
        if (PausedUntil > agenda.Now) agenda.At(PausedUntil, () => Run(action));
        else action();
    }

    public override string ToString() => Id.ToString();
}
