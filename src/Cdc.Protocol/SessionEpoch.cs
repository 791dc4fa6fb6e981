using System.Globalization;

namespace Cdc.Protocol;

/// <summary>Numbers the resets of one dispatcher's session. What carries another one than the last is not
/// believed.</summary>
public readonly record struct SessionEpoch(uint Value) : IComparable<SessionEpoch>
{
    /// <summary>Before the first reset.</summary>
    public static SessionEpoch None => default;

    public SessionEpoch Next => new(checked(Value + 1));

    public int CompareTo(SessionEpoch other) => Value.CompareTo(other.Value);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"s{Value}");
}
