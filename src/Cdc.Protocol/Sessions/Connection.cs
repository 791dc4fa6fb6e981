using System.Collections.Immutable;

namespace Cdc.Protocol.Sessions;

/// <summary>Which service one session reads from: its control plane. What came from there is
/// <see cref="SessionStream"/>'s.</summary>
/// <remarks>
/// <para>Three facts, each for itself: the home service has been asked; one other has been asked whether it has the
/// events already; one of them is current. Every asking has its own registration number, so an answer to another one
/// changes nothing.</para>
/// <code>
/// unbound --ready of a candidate--> elsewhere --ready of home--> at home
///    |  ^                               |                         |  |
///    |  +--- unknown there, node gone --+-------------------------+  |
///    +------------------------- ready of home ----------------------+
/// </code></remarks>
internal sealed class Connection
{
    readonly Queue<NodeId> _candidates = new();

    /// <summary>The home service, asked and without an answer.</summary>
    public Asked? Home { get; private set; }

    /// <summary>Another service, asked and without an answer.</summary>
    public Asked? Elsewhere { get; private set; }

    /// <summary>What is read from.</summary>
    public Asked? Current { get; private set; }

    /// <summary>Whether the current one is the home service.</summary>
    public bool IsAtHome { get; private set; }

    public bool IsFrom(NodeId service, ulong registration) => Current is { } now && now.Is(service, registration);

    /// <summary>Begins to ask the home service.</summary>
    public void AskHome(NodeId service, ulong registration) => Home = new(service, registration);

    /// <summary>The home service is another one, or none: the former is left when the new one is ready.</summary>
    /// <returns>An asking that is of no use any more.</returns>
    public Asked? LoseHome()
    {
        Asked? unasked = Home;
        (Home, IsAtHome) = (null, false);
        return unasked;
    }

    /// <summary>Takes candidates, if the session has no service.</summary>
    public bool Offer(ImmutableArray<NodeId> services, NodeId? home)
    {
        if (Current is not null || Elsewhere is not null) return false;
        foreach (NodeId service in services)
            if (service != home) _candidates.Enqueue(service);
        return _candidates.Count > 0;
    }

    /// <summary>Begins to ask the next candidate. Those left are forgotten once the session has a service.</summary>
    public bool AskNext(ulong registration)
    {
        if (!_candidates.TryDequeue(out NodeId service)) return false;
        Elsewhere = new(service, registration);
        return true;
    }

    /// <summary>A service is ready. Home wins over all others; another one counts only while there is none.</summary>
    /// <param name="left">Gets those that are no longer needed.</param>
    /// <returns>Whether it is the current one now, so that the session begins a new epoch there.</returns>
    public bool OnReady(NodeId service, ulong registration, List<Asked> left)
    {
        Asked asked = new(service, registration);
        if (Home == asked)
        {
            if (Current is { } former) left.Add(former);
            if (Elsewhere is { } pending) left.Add(pending);
            (Home, Elsewhere, Current, IsAtHome) = (null, null, asked, true);
            _candidates.Clear();
            return true;
        }

        if (Elsewhere == asked)
        {
            (Elsewhere, Current, IsAtHome) = (null, asked, false);
            _candidates.Clear();
            return true;
        }

        if (Current != asked) left.Add(asked);
        return false;
    }

    /// <summary>A service has not what is needed.</summary>
    /// <returns>Whether it was the one that was asked: the next candidate's turn.</returns>
    public bool OnNotReusable(NodeId service, ulong registration)
    {
        if (Elsewhere != new Asked(service, registration)) return false;
        Elsewhere = null;
        return true;
    }

    /// <summary>The current service is gone, does not know the session, or can't serve it.</summary>
    public void Unbind() => (Current, IsAtHome) = (null, false);

    public void DropElsewhere() => Elsewhere = null;

    /// <summary>Everyone who may know the session, for taking leave.</summary>
    public void Leave(List<Asked> left)
    {
        if (Current is { } current) left.Add(current);
        if (Home is { } home) left.Add(home);
        if (Elsewhere is { } pending) left.Add(pending);
        (Home, Elsewhere, Current, IsAtHome) = (null, null, null, false);
        _candidates.Clear();
    }
}

/// <summary>One registration at one service.</summary>
internal readonly record struct Asked(NodeId Service, ulong Registration)
{
    public bool Is(NodeId service, ulong registration) => Registration == registration && Service == service;
}
