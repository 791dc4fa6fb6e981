using Cdc.Engine.Schemas;

namespace Cdc.Engine.Options;

/// <summary>Matches tables by name: <c>shop.orders</c>, <c>shop.*</c>, <c>*.audit</c>, or a schema:
/// <c>shop</c>.</summary>
/// <remarks>A name without a dot is a schema. <c>*</c> stands for any characters, <c>?</c> for one. Case counts. A part
/// in double quotes is taken as it is: <c>"My.Schema".orders</c>.</remarks>
public sealed record TablePattern
{
    readonly bool _hasTable;

    TablePattern(string text, Glob schema, Glob table, bool hasTable) =>
        (Text, Schema, Table, _hasTable) = (text, schema, table, hasTable);

    /// <summary>The pattern as it was written.</summary>
    public string Text { get; }

    public Glob Schema { get; }
    public Glob Table { get; }

    public bool Matches(TableName name) => Schema.Matches(name.Schema) && Table.Matches(name.Name);

    /// <summary>Whether tables that do not exist yet could match.</summary>
    public bool IsOpen => !Schema.IsLiteral || !Table.IsLiteral;

    /// <summary>Whether it was written with <c>*</c> or <c>?</c>.</summary>
    public bool HasWildcard => !Schema.IsLiteral || (_hasTable && !Table.IsLiteral);

    /// <exception cref="FormatException">The text is not a pattern; the message says why.</exception>
    public static TablePattern Parse(string text)
    {
        (Glob schema, int end) = Glob.Read(text, 0);
        if (end == text.Length) return new(text, schema, Glob.Any, hasTable: false);
        (Glob table, end) = Glob.Read(text, end + 1);
        if (end != text.Length) throw new FormatException($"'{text}': a pattern has at most one dot outside quotes.");
        return new(text, schema, table, hasTable: true);
    }

    public bool Equals(TablePattern? other) => other is not null && Text == other.Text;
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
    public override string ToString() => Text;
}
