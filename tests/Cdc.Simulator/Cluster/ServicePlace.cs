using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Sessions;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Cluster;

/// <summary>Where the source is read: one node at a time owns it, as far as everybody knows by now.</summary>
public sealed class ServicePlace(World world, Rng rng)
{
    ulong _life;

    public RoleHost? Current { get; private set; }

    /// <summary>The source is read on another node from here on; the former service dies.</summary>
    public void Move()
    {
        if (world.AliveNodes.Count == 0) return;
        Current?.Close();
        SimNode node = rng.Pick(world.AliveNodes);
        var role = new EventService(world.Log, ++_life);
        Current = new("service", node, role, OnEffect, world.Checks.Before);
        world.Say($"the source is read on {node}");
        world.Tick(Current);
        foreach (Machine machine in world.Machines) Announce(machine.Collector);
        Grow(Current, []);
    }

    public void Lost(SimNode node)
    {
        if (Current?.Node != node) return;
        Current = null;
        world.Agenda.In(rng.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2)), () =>
        {
            if (Current is null) Move();
        });
    }

    /// <summary>Tells a collector whom to ask, as it will know in a while.</summary>
    public void Announce(RoleHost collector)
    {
        world.Agenda.In(rng.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(300)), () => collector.Node.Run(() =>
        {
            if (Current is { } current) collector.Take(new HomeChanged(current.Node.Id));
        }));
    }

    /// <summary>A step came: the service hears of it a little later.</summary>
    public void Committed(IReadOnlyList<TableId> tables)
    {
        if (Current is { } current) Grow(current, tables);
    }

    void Grow(RoleHost service, IReadOnlyList<TableId> tables)
    {
        CommitTs resolved = world.Source.Resolved;
        world.Agenda.In(TimeSpan.FromTicks(5000), () => service.Node.Run(() =>
            service.Take(new LogGrew(resolved, [.. tables]))));
    }

    void OnEffect(RoleHost host, Effect effect)
    {
        world.Checks.After(host, effect);
        if (effect is Send send) world.Router.Send(host, Party.EventService(host.Node.Id), send);
    }
}
