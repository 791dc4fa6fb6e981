using Cdc.Protocol;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Cluster;

/// <summary>One life of one node: its own clock, which may run ahead or behind, jump or stand, and its own
/// pauses.</summary>
public sealed class SimNode(NodeId id, int number, Agenda agenda, TimeSpan clockOffset, double clockRate)
{
    readonly TimeSpan _born = agenda.Now;
    readonly Queue<Action> _waiting = new();
    readonly Queue<Action> _timers = new();
    TimeSpan _offset = clockOffset;
    TimeSpan? _standing;
    StandStill? _pause;
    TimeSpan _pausedAt;

    public NodeId Id { get; } = id;

    /// <summary>The machine; its incarnations share it.</summary>
    public int Number { get; } = number;

    /// <summary>The latest version of the wire form that it writes and reads.</summary>
    public byte Speaks { get; init; } = WireFormat.Version;

    public bool IsAlive { get; set; } = true;

    /// <summary>Which epoch its manager obeys, or did last.</summary>
    public Func<Epoch> Obeys { get; set; } = static () => Epoch.None;

    public bool IsPaused => _pause is not null;

    /// <summary>Whether it stands still, and what is sent to it is lost.</summary>
    public bool IsDeaf => _pause is { IsDeaf: true };

    /// <summary>How often it has stood still for longer than a maintainer may be silent.</summary>
    public int LongPauses { get; private set; }

    /// <summary>When its clock jumped last, in the time of the world; null: it never has.</summary>
    public TimeSpan? JumpedAt { get; private set; }

    /// <summary>Its own time, which never goes back.</summary>
    public TimeSpan Clock => _standing ?? Running;

    TimeSpan Running => _offset + (agenda.Now - _born) * clockRate;

    /// <summary>Runs something on this node: behind its pause, in order, and not at all if it is dead by then.</summary>
    public void Run(Action action) => Run(action, _waiting);

    /// <summary>As <see cref="Run(Action)"/>, for what its clock sets off.</summary>
    public void RunTimer(Action action) => Run(action, _timers);

    /// <summary>It stands still, and goes on later as if nothing had been.</summary>
    public void Pause(StandStill pause)
    {
        if (!IsPaused) _pausedAt = agenda.Now;
        _pause = pause;
        if (pause.StopsClock) _standing ??= Clock;
        agenda.In(pause.Length, () =>
        {
            if (ReferenceEquals(_pause, pause)) Resume(pause);
        });
    }

    /// <summary>Its clock goes on with a later time.</summary>
    public void Jump(TimeSpan by)
    {
        if (_standing is { } standing) _standing = standing + by;
        else _offset += by;
        JumpedAt = agenda.Now;
    }

    void Resume(StandStill pause)
    {
        if (agenda.Now - _pausedAt > ChangefeedTimes.Silence) LongPauses++;
        if (_standing is { } standing) _offset += standing - Running;
        (_pause, _standing) = (null, null);
        (Queue<Action> first, Queue<Action> then) = pause.TimersFirst ? (_timers, _waiting) : (_waiting, _timers);
        while (IsAlive && !IsPaused && (first.TryDequeue(out Action? action) || then.TryDequeue(out action))) action();
    }

    void Run(Action action, Queue<Action> behind)
    {
        if (!IsAlive) return;
        if (IsPaused) behind.Enqueue(action);
        else action();
    }

    public override string ToString() => Id.ToString();
}

/// <summary>One pause of a node.</summary>
/// <param name="Length">How long.</param>
/// <param name="StopsClock">Its clock stands as well, as a suspended machine's does; else that has gone on.</param>
/// <param name="TimersFirst">What its clock sets off is done before what was sent to it.</param>
/// <param name="IsDeaf">The others have closed their connections: what is sent to it is lost.</param>
public sealed record StandStill(TimeSpan Length, bool StopsClock, bool TimersFirst, bool IsDeaf);
