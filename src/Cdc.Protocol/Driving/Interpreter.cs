namespace Cdc.Protocol.Driving;

/// <summary>Drives one incarnation of a role: decides, persists, and only then speaks. Every host uses this one, so
/// that what is simulated is what runs.</summary>
/// <remarks>
/// <para>While a persist is open no input is taken: the host keeps it. What the role decided with the persist, and
/// behind it, is done when the persist has succeeded.</para>
/// <para>A persist that is refused, or whose outcome is not known, ends the incarnation: what it believes may not be
/// what is stored. Another one begins with what is.</para>
/// </remarks>
public sealed class Interpreter(IRole role, IPort port)
{
    readonly Effects _effects = new();
    readonly Queue<Effect> _waiting = new();

    /// <summary>Whether it takes an input now.</summary>
    public bool IsReady => State == InterpreterState.Ready;

    public InterpreterState State { get; private set; }

    /// <exception cref="InvalidOperationException">A persist is open, or the incarnation has ended.</exception>
    public void Take(Input input, TimeSpan now)
    {
        if (State != InterpreterState.Ready) throw new InvalidOperationException($"No input is taken: {State}.");
        role.Handle(input, now, _effects);
        foreach (Effect effect in _effects.Items) _waiting.Enqueue(effect);
        _effects.Clear();
        Go();
    }

    /// <summary>How the open persist ended.</summary>
    /// <exception cref="InvalidOperationException">None is open.</exception>
    public void PersistEnded(PersistOutcome outcome)
    {
        if (State != InterpreterState.Persisting) throw new InvalidOperationException($"No persist is open: {State}.");
        if (outcome != PersistOutcome.Persisted)
        {
            Close();
            return;
        }

        State = InterpreterState.Ready;
        Go();
    }

    /// <summary>Ends the incarnation from outside: its node or its activation goes.</summary>
    public void Close()
    {
        State = InterpreterState.Ended;
        _waiting.Clear();
    }

    void Go()
    {
        while (State == InterpreterState.Ready && _waiting.TryDequeue(out Effect? effect))
        {
            if (effect is Persist) State = InterpreterState.Persisting;
            port.Do(effect);
            if (effect is End) Close();
        }
    }
}

public enum InterpreterState
{
    Ready,
    Persisting,
    Ended,
}

public enum PersistOutcome
{
    Persisted,

    /// <summary>Somebody else has written meanwhile; nothing of ours is stored.</summary>
    Refused,

    /// <summary>It may be stored or not.</summary>
    Unknown,
}
