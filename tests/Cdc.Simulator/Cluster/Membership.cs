using System.Collections.Immutable;
using Cdc.Protocol;

namespace Cdc.Simulator.Cluster;

/// <summary>Which nodes each node believes alive: late, and at times wrong, in both directions.</summary>
public sealed class Membership(Agenda agenda, Rng rng, Func<IReadOnlyList<SimNode>> alive, Action<SimNode> changed)
{
    readonly Dictionary<int, ImmutableArray<NodeId>> _views = [];
    readonly Dictionary<(int Viewer, int Seen), TimeSpan> _deniedUntil = [];

    public ImmutableArray<NodeId> ViewOf(SimNode viewer) =>
        _views.TryGetValue(viewer.Number, out ImmutableArray<NodeId> view) ? view : [];

    /// <summary>A node has come or gone: everybody learns of it, each in its own time.</summary>
    public void Changed(SimNode node, bool isHealed)
    {
        foreach (SimNode viewer in alive()) Refresh(viewer, Detection(isHealed));
    }

    /// <summary>A node begins to believe that another one, which lives, is gone; for a while.</summary>
    public void Deny(SimNode viewer, SimNode seen, TimeSpan duration)
    {
        _deniedUntil[(viewer.Number, seen.Number)] = agenda.Now + duration;
        Refresh(viewer, TimeSpan.Zero);
        agenda.In(duration, () => Refresh(viewer, TimeSpan.Zero));
    }

    /// <summary>Some leave the view at once, and are back soon; not the viewer itself, nor those that it takes for gone
    /// for longer.</summary>
    public void Blink(SimNode viewer, List<SimNode> gone, TimeSpan duration)
    {
        foreach (SimNode seen in gone)
        {
            TimeSpan until = _deniedUntil.GetValueOrDefault((viewer.Number, seen.Number));
            if (until <= agenda.Now + duration) Deny(viewer, seen, duration);
        }
    }

    /// <summary>A node sees at once what is so.</summary>
    public void See(SimNode viewer) => Refresh(viewer, TimeSpan.Zero);

    /// <summary>It is told what it knows.</summary>
    public void SayAgain(SimNode viewer) => viewer.Run(() => changed(viewer));

    /// <summary>From here on everybody sees what is so.</summary>
    public void Heal()
    {
        _deniedUntil.Clear();
        foreach (SimNode viewer in alive()) Refresh(viewer, Detection(isHealed: true));
    }

    TimeSpan Detection(bool isHealed) => isHealed
        ? TimeSpan.FromMilliseconds(rng.Between(1, 500))
        : TimeSpan.FromMilliseconds(rng.Between(10, 3000));

    void Refresh(SimNode viewer, TimeSpan delay) => agenda.In(delay, () => viewer.Run(() =>
    {
        var view = ImmutableArray.CreateBuilder<NodeId>();
        foreach (SimNode node in alive())
        {
            bool isDenied = _deniedUntil.TryGetValue((viewer.Number, node.Number), out TimeSpan until)
                && until > agenda.Now && node != viewer;
            if (!isDenied) view.Add(node.Id);
        }

        ImmutableArray<NodeId> now = view.ToImmutable();
        if (now.AsSpan().SequenceEqual(ViewOf(viewer).AsSpan())) return;
        _views[viewer.Number] = now;
        changed(viewer);
    }));
}
