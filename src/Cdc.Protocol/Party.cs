namespace Cdc.Protocol;

/// <summary>Which role of one changefeed, or of its source, a message is for.</summary>
public enum Role : byte
{
    /// <summary>The persisted state of the changefeed: one in the cluster. A message to it activates it where it is not
    /// active, also when it is removed: managers ask it.</summary>
    Changefeed = 1,

    /// <summary>Whoever maintains the changefeed now, as far as the host knows. It may be an older one, or two for a
    /// while: the epoch in the message decides.</summary>
    Maintainer = 2,

    /// <summary>The dispatcher manager of one node.</summary>
    Manager = 3,

    /// <summary>The receiving half of event delivery on one node.</summary>
    Collector = 4,

    /// <summary>The serving half of event delivery on one node.</summary>
    EventService = 5,
}

/// <summary>Where a message goes, or comes from.</summary>
/// <param name="Role">The role.</param>
/// <param name="Node">The node; of no meaning for <see cref="Role.Changefeed"/>. As recipient of
/// <see cref="Role.Maintainer"/>, which the host finds, it counts for <see cref="Messages.Superseded"/> only: that goes
/// to the one on this node that spoke, whomever the host finds else, or it would speak for ever.</param>
public readonly record struct Party(Role Role, NodeId Node)
{
    public static Party Changefeed => new(Role.Changefeed, default);
    public static Party Maintainer => new(Role.Maintainer, default);

    public static Party Manager(NodeId node) => new(Role.Manager, node);
    public static Party Collector(NodeId node) => new(Role.Collector, node);
    public static Party EventService(NodeId node) => new(Role.EventService, node);

    public override string ToString() => Node.Value is null ? $"{Role}" : $"{Role}@{Node}";
}
