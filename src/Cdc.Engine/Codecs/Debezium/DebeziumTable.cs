using System.Text;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs.Debezium;

/// <summary>The pieces of a line that are the same for every row of one version of a table.</summary>
internal sealed class DebeziumTable
{
    public DebeziumTable(TableSchema schema)
    {
        Columns = [.. schema.Columns.Select(static c => new DebeziumColumn(c))];
        Names = [
            .. "\"schema\":"u8, .. JsonString.Of(schema.Name.Schema),
            .. ",\"table\":"u8, .. JsonString.Of(schema.Name.Name), (byte)','];
    }

    public DebeziumColumn[] Columns { get; }

    /// <summary>The source's fields that name the table.</summary>
    public byte[] Names { get; }
}

/// <summary>One column: its name as JSON, and what stands for a value that was not sent.</summary>
internal sealed class DebeziumColumn
{
    const string Unavailable = "__debezium_unavailable_value";
    const string UnavailableBase64 = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";
    const string UnavailableUuid = "b68a35a7-17ad-35b3-af2a-ae46edb4545a";

    public DebeziumColumn(Column column)
    {
        Type = WithElementModifier(column.Type);
        Label = [(byte)',', .. JsonString.Of(column.Name), (byte)':'];
        Placeholder = Encoding.UTF8.GetBytes(PlaceholderOf(Type));
    }

    public ColumnType Type { get; }

    /// <summary>A comma, the name in quotes, a colon.</summary>
    public byte[] Label { get; }

    public byte[] Placeholder { get; }

    // An array's length or precision is its elements'.
    static ColumnType WithElementModifier(ColumnType type) =>
        type is { Kind: TypeKind.Array, Modifier: >= 0, Element: { Modifier: < 0 } element }
            ? type with { Element = element with { Modifier = type.Modifier } }
            : type;

    static string PlaceholderOf(ColumnType type) => type switch
    {
        { Kind: TypeKind.Binary } => $"\"{UnavailableBase64}\"",
        { Kind: TypeKind.Array, Element.Kind: TypeKind.Binary } => $"[\"{UnavailableBase64}\"]",
        { Kind: TypeKind.Array, Element.Kind: TypeKind.Uuid } => $"[\"{UnavailableUuid}\"]",
        { Kind: TypeKind.Array, Element.Kind: TypeKind.Int32 or TypeKind.Int64 or TypeKind.Date } =>
            $"[{string.Join(',', Unavailable.Select(static c => (int)c))}]",
        { Kind: TypeKind.Array, Element.Kind: TypeKind.Text or TypeKind.Json } => $"[\"{Unavailable}\"]",
        _ => $"\"{Unavailable}\"",
    };
}
