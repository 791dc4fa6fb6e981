namespace Cdc.Protocol;

/// <summary>Fences writers of one span: the changefeed's epoch, and the number of the Create message within
/// it.</summary>
/// <remarks>Strictly increasing over takeovers. A sink refuses every owner below the largest that ever claimed the
/// span.</remarks>
public readonly record struct Owner(ulong Epoch, ulong Number) : IComparable<Owner>
{
    public int CompareTo(Owner other)
    {
        int byEpoch = Epoch.CompareTo(other.Epoch);
        return byEpoch != 0 ? byEpoch : Number.CompareTo(other.Number);
    }

    public static bool operator <(Owner left, Owner right) => left.CompareTo(right) < 0;
    public static bool operator >(Owner left, Owner right) => left.CompareTo(right) > 0;
    public static bool operator <=(Owner left, Owner right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Owner left, Owner right) => left.CompareTo(right) >= 0;

    public override string ToString() => $"{Epoch}.{Number}";
}
