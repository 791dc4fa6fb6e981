using System.Globalization;

namespace Cdc.Protocol;

/// <summary>One table of one source, numbered by the schema history. Never reused, unlike the server's own
/// ids.</summary>
public readonly record struct TableId(long Value) : IComparable<TableId>
{
    /// <summary>Span 0: the table trigger, which every DDL involves.</summary>
    public static readonly TableId Trigger = new(0);

    /// <summary>All tables at once: the span of a pipeline that keeps the whole log in one order.</summary>
    public static readonly TableId Every = new(-1);

    public int CompareTo(TableId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
