using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;

namespace Cdc.Protocol.Delivery;

/// <summary>Joins the two roles of a node between which events go: says what one does as the other's input.</summary>
/// <remarks>Owned by the node. What it returns is to be taken in the order in which the effects were made; any time may
/// pass between.</remarks>
public sealed class DeliveryLink
{
    ImmutableArray<SessionTarget> _excepted = [];
    ImmutableArray<DispatcherKey> _except = [];

    /// <summary>What the collector has to hear of an effect of the manager; null: nothing.</summary>
    public static Input? ForCollector(Effect effect) => effect switch
    {
        Dispatching.OpenSession open => new Sessions.OpenSession(
            open.Mode, open.Dispatcher, open.Owner, open.Span, open.Start, open.Session),
        Dispatching.CloseSession close => new Sessions.CloseSession(close.Mode, close.Dispatcher, close.Owner),
        ReleaseRows released => new RowsReleased(released.Bytes),
        _ => null,
    };

    /// <summary>What the manager has to hear of an effect of the collector; null: nothing.</summary>
    public Input? ForManager(Effect effect) => effect switch
    {
        DeliverRows { To: var to } rows => new RowsArrived(
            to.Mode, to.Dispatcher, to.Owner, to.Session, new(rows.At, rows.IsFirst, rows.IsLast, rows.Payload)),
        DeliverBlock { To: var to } block => new BlockArrived(
            to.Mode, to.Dispatcher, to.Owner, to.Session, block.Event, block.Payload),
        SessionRefused { Of: var of, Kind: FaultKind.Permanent } refused => new SessionLost(
            of.Mode, of.Dispatcher, of.Owner, of.Session, refused.Behind, refused.Reason),
        DeliverResolved resolved => new ResolvedArrived(resolved.Ts, resolved.OpenedUpTo, Keys(resolved.Except)),
        _ => null,
    };

    /// <summary>The same array for the same array: whoever gets it sees at once that nothing has changed.</summary>
    ImmutableArray<DispatcherKey> Keys(ImmutableArray<SessionTarget> except)
    {
        if (except == _excepted) return _except;
        _excepted = except;
        return _except = [.. except.Select(static t => new DispatcherKey(t.Mode, t.Dispatcher, t.Owner))];
    }
}
