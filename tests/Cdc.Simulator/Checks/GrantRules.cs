using Cdc.Protocol;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Checks;

/// <summary>Who is granted which epoch.</summary>
public sealed class GrantRules
{
    readonly Dictionary<Epoch, Guid> _holders = [];

    public void Granted(EpochGrant grant, Epoch persisted)
    {
        Rules.Ensure(grant.Epoch <= persisted, "INV-29", grant, "is granted before it is stored");
        if (!_holders.TryAdd(grant.Epoch, grant.Instance))
            Rules.Ensure(_holders[grant.Epoch] == grant.Instance, "INV-29", grant, "is granted to a second activation");
    }
}
