using System.Globalization;

namespace Cdc.Protocol;

/// <summary>One dispatcher of a changefeed: the epoch of the maintainer that first made it, and a number within that
/// epoch. A move keeps it; a split and a merge make new ones.</summary>
public readonly record struct DispatcherId(Epoch Epoch, ulong Number) : IComparable<DispatcherId>
{
    /// <summary>The table trigger of a mode. It belongs to the changefeed, not to any maintainer, so every maintainer
    /// knows it without asking.</summary>
    public static DispatcherId TriggerOf(Mode mode) => new(Epoch.None, 1UL + (byte)mode);

    public bool IsTrigger => Epoch == Epoch.None;

    public int CompareTo(DispatcherId other)
    {
        int byEpoch = Epoch.CompareTo(other.Epoch);
        return byEpoch != 0 ? byEpoch : Number.CompareTo(other.Number);
    }

    public override string ToString() =>
        IsTrigger
            ? Number == 1 ? "trigger" : "redo-trigger"
            : string.Create(CultureInfo.InvariantCulture, $"d{Epoch.Value}.{Number}");
}
