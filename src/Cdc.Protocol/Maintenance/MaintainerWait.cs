using System.Collections.Immutable;
using Cdc.Protocol.Barriers;

namespace Cdc.Protocol.Maintenance;

/// <summary>What a maintainer waits for: the answer to "why does it not advance?".</summary>
/// <param name="IsForEpoch">The changefeed has not granted its epoch yet.</param>
/// <param name="Bootstrapping">Nodes that have not said what they have.</param>
/// <param name="Closing">Nodes that have not closed everything.</param>
/// <param name="Tables">The table lists that are being loaded.</param>
/// <param name="Watermarks">Nodes with spans that have not said how far they are.</param>
/// <param name="Parking">Tables that the changefeed has not put away yet.</param>
/// <param name="Operations">What has been going on with spans for more than 30 s.</param>
/// <param name="Barriers">Open block events, by mode.</param>
public sealed record MaintainerWait(
    bool IsForEpoch,
    ImmutableArray<NodeId> Bootstrapping,
    ImmutableArray<NodeId> Closing,
    ImmutableArray<Mode> Tables,
    ImmutableArray<NodeId> Watermarks,
    ImmutableArray<TableId> Parking,
    ImmutableArray<OperationWait> Operations,
    ImmutableArray<BarrierWait> Barriers)
{
    public static readonly MaintainerWait Nothing = new(false, [], [], [], [], [], [], []);
}

/// <param name="Dispatcher">Whose.</param>
/// <param name="What">What is being done with it, and who is to answer.</param>
/// <param name="For">How long already.</param>
public sealed record OperationWait(Mode Mode, DispatcherId Dispatcher, string What, TimeSpan For);
