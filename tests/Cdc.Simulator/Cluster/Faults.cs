using Cdc.Protocol;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Maintenance;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Cluster;

/// <summary>Brings trouble, as the seed's options say, until the faults are over.</summary>
/// <param name="world">Where.</param>
/// <param name="rng">The chance of most of it.</param>
/// <param name="later">That of what was added later.</param>
public sealed class Faults(World world, Rng rng, Rng later)
{
    readonly Swarm _swarm = world.Swarm;
    TimeSpan _resumeAt;
    bool _areOver;
    bool _hasOperator = true;

    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    public void Begin()
    {
        Repeatedly(_swarm.Crash, Crash);
        Repeatedly(_swarm.Partition, Partition);
        Repeatedly(_swarm.Pause, Pause);
        Repeatedly(_swarm.ClockJumps, Jump);
        Repeatedly(_swarm.MaintainerVanishes, () => world.Activations.VanishMaintainer(rng));
        Repeatedly(_swarm.SecondMaintainer, () => world.Activations.ActivateMaintainer(rng.Pick(world.AliveNodes)));
        Repeatedly(_swarm.WrongMembership, Deny);
        if (_swarm.Flaps is not null) Repeatedly(later, _swarm.Flaps, new Flapping(world, later).Flap);
        Repeatedly(_swarm.ServiceMoves, world.MoveService);
        Repeatedly(_swarm.ServerCrash, world.Service.ServerCrashes);
        if (_swarm.SlotLost is { } lost && lost < _swarm.Faulty) world.Agenda.In(lost, world.Service.LoseSlot);
        Repeatedly(_swarm.Pauses, PauseChangefeed);
        Repeatedly(_swarm.Upgrades, () => world.Upgrades.Upgrade(rng));
        if (_swarm.Breaks is { } breaks && breaks < _swarm.Faulty) world.Agenda.In(breaks, world.Broken.Break);
    }

    /// <summary>No new ones come; what stands still does so until its time is over.</summary>
    public void End() => _areOver = true;

    /// <summary>Nobody resumes the changefeed any more.</summary>
    public void StopOperating() => _hasOperator = false;

    void Repeatedly(TimeSpan? mean, Action fault) => Repeatedly(rng, mean, fault);

    void Repeatedly(Rng chance, TimeSpan? mean, Action fault)
    {
        if (mean is not { } pause) return;
        world.Agenda.In(chance.Between(TimeSpan.Zero, 2 * pause), () =>
        {
            if (_areOver) return;
            fault();
            Repeatedly(chance, mean, fault);
        });
    }

    void Crash()
    {
        SimNode node = rng.Pick(world.AliveNodes);
        if (world.AliveNodes.Count < 2) return;
        world.Crash(node, rng.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(8)));
    }

    void Partition()
    {
        int count = _swarm.Nodes;
        int one = rng.Below(count);
        int? other = rng.Chance(0.5) ? rng.Below(count) : null;
        bool bothWays = rng.Chance(0.6);
        List<(int, int)> cuts = [];
        for (int i = 0; i < count; i++)
        {
            if (i == one || (other is { } only && i != only)) continue;
            cuts.Add((one, i));
            if (bothWays) cuts.Add((i, one));
        }

        foreach ((int from, int to) in cuts) world.Network.Cut(from, to);
        world.Say($"partition of n{one}");
        world.Agenda.In(rng.Between(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(12)), () =>
        {
            foreach ((int from, int to) in cuts) world.Network.Mend(from, to);
        });
    }

    void Pause()
    {
        SimNode node = rng.Pick(world.AliveNodes);
        if (node.IsPaused) return;
        TimeSpan length = rng.Chance(0.2) ? LongestPause : TimeSpan.FromMilliseconds(rng.Between(100, 9000));
        StandStill pause = new(length, rng.Chance(0.3), rng.Chance(0.5), rng.Chance(0.3));
        node.Pause(pause);
        world.Say($"{node} stands still: {pause}");
        world.Agenda.In(rng.Between(length / 12, length / 2), () =>
        {
            // One who is asked for and does not answer is made anew elsewhere, and does not know that.
            if (rng.Chance(0.9)) world.Activations.ReplaceChangefeed(node);
            // The others may take a node that does not answer for dead; not its next life, once the faults are over.
            foreach (SimNode viewer in world.AliveNodes)
            {
                if (viewer == node || !rng.Chance(0.9) || world.Network.IsHealed) continue;
                world.Membership.Deny(viewer, node, length);
            }
        });
    }

    /// <summary>Time that a node has not seen: a machine that was suspended and restored.</summary>
    void Jump()
    {
        SimNode node = rng.Pick(world.AliveNodes);
        TimeSpan by = rng.Pick(Jumps);
        node.Jump(by);
        world.Say($"the clock of {node} jumps by {by}");
    }

    static readonly IReadOnlyList<TimeSpan> Jumps =
    [
        TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(40),
        TimeSpan.FromHours(3),
    ];

    /// <summary>An operator pauses the changefeed, at times just when a maintainer begins; later it is
    /// resumed.</summary>
    void PauseChangefeed()
    {
        if (rng.Chance(0.5)) world.Activations.ActivateMaintainer(rng.Pick(world.AliveNodes));
        world.Agenda.In(rng.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(1)), () =>
        {
            world.Say("pause");
            world.Activations.Changefeed?.Tell(new PauseChangefeed(2));
            _resumeAt = world.Agenda.Now + rng.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(8));
        });
    }

    void Deny()
    {
        SimNode viewer = rng.Pick(world.AliveNodes);
        SimNode seen = rng.Pick(world.AliveNodes);
        if (viewer == seen) return;
        world.Say($"{viewer} takes {seen} for dead");
        world.Membership.Deny(viewer, seen, rng.Between(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10)));
    }

    /// <summary>An operator who resumes the changefeed where it is paused, has parked tables copied again, and parks
    /// some, until the faults are over.</summary>
    public void BeginOperating()
    {
        world.Agenda.In(rng.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(6)), () =>
        {
            if (!_hasOperator) return;
            if (!world.Checks.IsRunning && world.Agenda.Now >= _resumeAt)
                world.Activations.Changefeed?.Tell(new ResumeChangefeed(3));
            foreach (TableId table in world.Checks.Parked.Order())
            {
                // What is stored is not asked for again: whoever takes over has to know of it.
                if (world.Source.Tables[table].Dropped is null && !world.Checks.IsWanted(table))
                    world.Activations.Changefeed?.Tell(new CopyTable(4, table));
            }

            bool parks = _swarm.Operator is not null && !world.Network.IsHealed && world.Source.Tables.Count > 0;
            if (parks && world.Activations.Newest is { } maintainer)
                maintainer.Tell(new ParkTable(rng.Pick([.. world.Source.Tables.Keys])));

            BeginOperating();
        });
    }

    /// <summary>An operator, or a policy, that reshapes the schedule all the time.</summary>
    public void BeginScheduling() => Reshape(_swarm.Scheduling);

    void Reshape(TimeSpan? mean)
    {
        if (mean is not { } pause) return;
        world.Agenda.In(rng.Between(TimeSpan.Zero, 2 * pause), () =>
        {
            if (world.Network.IsHealed) return;
            if (world.Source.Tables.Count > 0 && world.Activations.Newest is { } maintainer)
            {
                TableId table = rng.Pick([.. world.Source.Tables.Keys]);
                Mode mode = rng.Pick(world.Modes);
                maintainer.Tell(rng.Below(5) switch
                {
                    0 or 1 => new SplitTable(mode, table, rng.Between(2, 4)),
                    2 or 3 => new MergeTable(mode, table),
                    _ => new DrainNodes(rng.Chance(0.5) ? [] : [rng.Pick(world.AliveNodes).Id]),
                });
            }

            Reshape(mean);
        });
    }
}
