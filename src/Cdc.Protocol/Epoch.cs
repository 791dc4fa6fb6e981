using System.Globalization;

namespace Cdc.Protocol;

/// <summary>The fencing number of a changefeed's maintainers: persisted, and strictly greater for each of them, before
/// it may speak.</summary>
/// <remarks>No two maintainers ever have the same one, so it also names who speaks. <see cref="None"/> is no
/// maintainer.</remarks>
public readonly record struct Epoch(ulong Value) : IComparable<Epoch>
{
    public static Epoch None => default;

    /// <exception cref="OverflowException">There is no greater one.</exception>
    public Epoch Next => new(checked(Value + 1));

    public int CompareTo(Epoch other) => Value.CompareTo(other.Value);

    public static bool operator <(Epoch left, Epoch right) => left.Value < right.Value;
    public static bool operator >(Epoch left, Epoch right) => left.Value > right.Value;
    public static bool operator <=(Epoch left, Epoch right) => left.Value <= right.Value;
    public static bool operator >=(Epoch left, Epoch right) => left.Value >= right.Value;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"e{Value}");
}
