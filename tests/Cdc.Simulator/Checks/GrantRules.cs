using Cdc.Protocol;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Checks;

/// <summary>Who is granted which epoch.</summary>
public sealed class GrantRules
{
    readonly Dictionary<Epoch, Guid> _holders = [];
    readonly HashSet<Epoch> _nobodys = [];

    public void Granted(EpochGrant grant, Epoch persisted)
    {
        Rules.Ensure(grant.Epoch <= persisted, "INV-29", grant, "is granted before it is stored");
        if (!_holders.TryAdd(grant.Epoch, grant.Instance))
            Rules.Ensure(_holders[grant.Epoch] == grant.Instance, "INV-29", grant, "is granted to a second activation");
        Rules.Ensure(!_nobodys.Contains(grant.Epoch), "INV-35", grant, "is granted, and a manager has closed at it");
    }

    /// <summary>The changefeed itself has a manager close: at an epoch that nobody has and nobody gets, unless nothing
    /// of it is ever to run again.</summary>
    public void Closed(CloseRequest close, bool isRemoved)
    {
        Rules.Ensure(!close.Remove || isRemoved, "INV-35", close, "cleans up, and the changefeed is not removed");
        if (isRemoved) return;
        Rules.Ensure(!_holders.ContainsKey(close.Epoch), "INV-35", close, "closes what a maintainer may count on");
        _nobodys.Add(close.Epoch);
    }
}
