using Cdc.Protocol.Driving;

namespace Cdc.Simulator.Cluster;

/// <summary>Gives one role its ticks, by the clock of its node.</summary>
sealed class Ticker
{
    readonly Agenda _agenda;
    readonly Rng _rng;
    readonly RoleHost _host;
    readonly Action _next;
    readonly Action _tick;

    Ticker(Agenda agenda, Rng rng, RoleHost host)
    {
        (_agenda, _rng, _host) = (agenda, rng, host);
        // Half of all that happens are ticks: these two are made once.
        (_next, _tick) = (Next, Tick);
    }

    /// <summary>From now on, until the role has ended.</summary>
    public static void Start(Agenda agenda, Rng rng, RoleHost host) => new Ticker(agenda, rng, host).Next();

    void Next()
    {
        if (!_host.IsEnded) _host.Node.RunTimer(_tick);
    }

    // The next is set behind it: a node that has stood still has one tick, late, and not all that it missed.
    void Tick()
    {
        _host.Take(Protocol.Driving.Tick.Now);
        _agenda.In(TimeSpan.FromMilliseconds(80 + _rng.Below(40)), _next);
    }
}
