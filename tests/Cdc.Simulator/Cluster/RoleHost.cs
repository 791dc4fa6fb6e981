using Cdc.Protocol.Driving;

namespace Cdc.Simulator.Cluster;

/// <summary>Runs one incarnation of a role on a node: an inbox in front of the production interpreter.</summary>
public sealed class RoleHost : IPort
{
    readonly Interpreter _interpreter;
    readonly Queue<Input> _inbox = new();
    readonly Action<RoleHost, Effect> _do;
    readonly Action<RoleHost, Input> _watch;
    readonly int _longPauses;
    bool _isDraining;

    public RoleHost(
        string name, SimNode node, IRole role, Action<RoleHost, Effect> @do, Action<RoleHost, Input> watch)
    {
        (Name, Node, Role, _do, _watch) = (name, node, role, @do, watch);
        _interpreter = new(role, this);
        _longPauses = node.LongPauses;
    }

    public string Name { get; }
    public SimNode Node { get; }
    public IRole Role { get; }
    public bool IsEnded => _interpreter.State == InterpreterState.Ended || !Node.IsAlive;

    /// <summary>Whether something is decided, and not stored yet.</summary>
    public bool IsPersisting => _interpreter.State == InterpreterState.Persisting;

    /// <summary>Whether its node has stood still since it began, for longer than a maintainer may be silent.</summary>
    public bool HasStoodStill => Node.LongPauses > _longPauses;

    /// <summary>Something reaches it from outside: behind the pause of its node.</summary>
    public void Tell(Input input) => Node.Run(() => Take(input));

    /// <summary>Takes an input: now, behind what it is doing, or as soon as the open persist has ended.</summary>
    public void Take(Input input)
    {
        if (IsEnded) return;
        _inbox.Enqueue(input);
        Drain();
    }

    public void PersistEnded(PersistOutcome outcome)
    {
        if (IsEnded) return;
        _interpreter.PersistEnded(outcome);
        Drain();
    }

    public void Close() => _interpreter.Close();

    void IPort.Do(Effect effect) => _do(this, effect);

    void Drain()
    {
        // What an effect brings back comes behind, never from within.
        if (_isDraining) return;
        _isDraining = true;
        while (_interpreter.IsReady && _inbox.TryDequeue(out Input? input))
        {
            _watch(this, input);
            _interpreter.Take(input, Node.Clock);
        }

        _isDraining = false;
    }

    public override string ToString() => $"{Name}@{Node.Id}";
}
