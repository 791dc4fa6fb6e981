using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>Which maintainer a manager obeys. The epoch never goes back, and one at which everything was closed never
/// comes again.</summary>
sealed class Ownership
{
    /// <summary>The greatest that bootstrapped it, or closed it.</summary>
    public Epoch Current { get; private set; }

    /// <summary>The greatest at which everything was closed: the tombstone. Null: none.</summary>
    public Epoch? Closed { get; private set; }

    public Party Maintainer { get; private set; }

    /// <summary>Whether there is a maintainer to report to.</summary>
    public bool IsOwned => Current != Epoch.None && !IsBuried(Current);

    public bool IsBuried(Epoch epoch) => Closed is { } closed && epoch <= closed;

    /// <summary>Whether its orders count.</summary>
    public bool Allows(Epoch epoch) => epoch == Current && IsOwned;

    /// <param name="epoch">Greater than the one before.</param>
    /// <param name="from">Who says so: where it is not a maintainer, nobody else is reported to.</param>
    public void Take(Epoch epoch, Party from)
    {
        Current = epoch;
        if (from.Role == Role.Maintainer) Maintainer = from;
    }

    public void Bury(Epoch epoch)
    {
        if (Closed is null || Closed.Value < epoch) Closed = epoch;
    }
}
