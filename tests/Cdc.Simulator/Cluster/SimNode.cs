using Cdc.Protocol;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Cluster;

/// <summary>One life of one node: its own clock, which may run ahead or behind, and its own pauses.</summary>
public sealed class SimNode(NodeId id, int number, Agenda agenda, TimeSpan clockOffset, double clockRate)
{
    readonly TimeSpan _born = agenda.Now;
    readonly Queue<Action> _waiting = new();
    bool _isPaused;
    int _pauses;

    public NodeId Id { get; } = id;

    /// <summary>The machine; its incarnations share it.</summary>
    public int Number { get; } = number;

    /// <summary>The latest version of the wire form that it writes and reads.</summary>
    public byte Speaks { get; init; } = WireFormat.Version;

    public bool IsAlive { get; set; } = true;

    /// <summary>Its own time, which never goes back.</summary>
    public TimeSpan Clock => clockOffset + (agenda.Now - _born) * clockRate;

    /// <summary>Runs something on this node: behind its pause, in order, and not at all if it is dead by then.</summary>
    public void Run(Action action)
    {
        if (!IsAlive) return;
        if (_isPaused) _waiting.Enqueue(action);
        else action();
    }

    public void Pause(TimeSpan length)
    {
        _isPaused = true;
        int pause = ++_pauses;
        agenda.In(length, () =>
        {
            if (pause == _pauses) Resume();
        });
    }

    public void Resume()
    {
        _isPaused = false;
        while (IsAlive && !_isPaused && _waiting.TryDequeue(out Action? action)) action();
    }

    public override string ToString() => Id.ToString();
}
