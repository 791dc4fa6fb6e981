using Cdc.Protocol;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Managing;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Cluster;

namespace Cdc.Simulator;

/// <summary>The end of a run whose changefeed has failed, or is stopped by an operator while nobody sees one of the
/// nodes: what that one has is closed, too, in time.</summary>
sealed class Ending(World world, Rng rng)
{
    /// <summary>Long enough for everybody else to be closed.</summary>
    static readonly TimeSpan Hidden = TimeSpan.FromSeconds(30);

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>A maintainer is missed after a minute, and sought every 10 s; what the sink has in hand has an
    /// end.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    TimeSpan Limit => world.Agenda.Now + (Patience / LivenessLimits.SlowestClock(world.Swarm));

    public void Run()
    {
        world.Checks.Liveness.Done();
        if (world.Swarm.End != EndKind.Left) Hide();
        Let(TimeSpan.FromSeconds(2));
        Stop();
        if (world.Swarm.End == EndKind.Forgotten) world.Activations.Forget();
        TimeSpan limit = Limit;
        while (Open() is { } manager)
        {
            if (!world.Agenda.Step(limit))
                Rules.Ensure(false, "INV-35", manager, "goes on, and the changefeed is closed", world.Swarm.End);
        }
    }

    void Hide()
    {
        SimNode? speaks = world.Activations.Newest?.Node, keeps = world.Activations.Changefeed?.Node;
        SimNode[] others = [.. world.AliveNodes.Where(node => node != speaks && node != keeps)];
        if (others.Length == 0) return;
        SimNode hidden = rng.Pick(others);
        world.Say($"nobody sees {hidden}");
        foreach (SimNode viewer in world.AliveNodes)
            if (viewer != hidden) world.Membership.Deny(viewer, hidden, Hidden);
    }

    /// <summary>The operator says so until it is done.</summary>
    void Stop()
    {
        bool isRemoved = world.Swarm.End is EndKind.Removed or EndKind.Forgotten;
        TimeSpan limit = Limit;
        while (isRemoved ? !world.Checks.IsRemoved : !world.Checks.IsClosed)
        {
            if (world.Agenda.Now > limit) throw new ViolationException("liveness", "it is stopped, and is not closed");
            Input command = isRemoved ? new RemoveChangefeed(5) : new PauseChangefeed(5);
            world.Activations.Changefeed?.Tell(command);
            Let(Pause);
        }
    }

    void Let(TimeSpan pass)
    {
        TimeSpan until = world.Agenda.Now + pass;
        while (world.Agenda.Step(until)) { }
    }

    /// <summary>A manager that has something still, or waits for somebody; null: none.</summary>
    RoleHost? Open()
    {
        foreach (Machine machine in world.Machines)
            if (machine.Manager.Role is DispatcherManager { IsOwned: true }) return machine.Manager;
        return null;
    }
}
