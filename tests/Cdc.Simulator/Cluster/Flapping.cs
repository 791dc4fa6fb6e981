namespace Cdc.Simulator.Cluster;

/// <summary>Nodes that leave the view of others and are back at once, one or several together: as they were, or begun
/// anew. Or nothing changes, and it is said all the same.</summary>
sealed class Flapping(World world, Rng rng)
{
    /// <summary>Shorter than most pauses between two ticks.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(60);

    public void Flap()
    {
        SimNode[] all = [.. world.AliveNodes];
        if (all.Length < 2) return;
        List<SimNode> gone = [rng.Pick(all)];
        if (rng.Chance(0.5)) gone = [.. all.Where(_ => rng.Chance(0.6))];
        SimNode[] viewers = Viewers(all);
        TimeSpan away = rng.Between(TimeSpan.FromTicks(1), Longest);
        switch (rng.Below(6))
        {
            case 0:
                foreach (SimNode viewer in viewers) world.Membership.SayAgain(viewer);
                break;
            case 1 or 2:
                Restart(gone, viewers, away, isSeen: rng.Chance(0.5));
                break;
            default:
                world.Say($"{string.Join(", ", gone)} leave the view for {away}");
                foreach (SimNode viewer in viewers) world.Membership.Blink(viewer, gone, away);
                break;
        }
    }

    /// <summary>Whoever counts for the maintainer, or everybody.</summary>
    SimNode[] Viewers(SimNode[] all) =>
        world.Activations.Newest is { } maintainer && rng.Chance(0.5) ? [maintainer.Node] : all;

    /// <param name="isSeen">The viewers see them gone before they see them there again; else both at once.</param>
    void Restart(List<SimNode> gone, SimNode[] viewers, TimeSpan away, bool isSeen)
    {
        // Somebody stays who sees it.
        foreach (SimNode node in gone)
        {
            if (world.AliveNodes.Count > 1) world.Crash(node, away);
        }

        if (isSeen) See();
        world.Agenda.In(away, See);

        void See()
        {
            foreach (SimNode viewer in viewers) world.Membership.See(viewer);
        }
    }
}
