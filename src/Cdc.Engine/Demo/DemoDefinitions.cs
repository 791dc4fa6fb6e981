using System.Collections.Immutable;
using System.Globalization;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Demo;

/// <summary>The definitions that a database would give of the demo's tables.</summary>
static class DemoDefinitions
{
    const int LengthBase = 4;

    static readonly TypeDefinition[] Types =
    [
        new(new("demo", "status"), 16500, TypeForm.Enum) { Labels = ["new", "paid", "sent", "closed"] },
        new(new("demo", "mood"), 16501, TypeForm.Enum) { Labels = ["glad", "calm"] },
        new(new("demo", "pair"), 16502, TypeForm.Composite)
        {
            Attributes = [new(1, "a", "integer"), new(2, "b", "text")],
        },
    ];

    /// <param name="numbers">Each column's number, which no other column of the table ever had.</param>
    public static TableDefinition Of(string table, ImmutableArray<Column> columns, ImmutableArray<int> numbers) => new()
    {
        Columns = [.. columns.Select((column, i) =>
            new ColumnDefinition(numbers[i], column.Name, TypeOf(column.Type)) { NotNull = i == 0 })],
        Constraints = [new($"{table}_pkey", ConstraintKind.PrimaryKey, $"PRIMARY KEY ({columns[0].Name})")],
        Types = [.. Types.Where(type => columns.Any(column => column.Type.SourceId == type.SourceId))],
    };

    static string TypeOf(ColumnType type) => type.Name switch
    {
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "int4[]" => "integer[]",
        "float4" => "real",
        "float8" => "double precision",
        "bool" => "boolean",
        "varchar" => Sized("character varying", type.Modifier - LengthBase),
        "bpchar" => Sized("character", type.Modifier - LengthBase),
        "bit" => Sized("bit", type.Modifier),
        "time" => "time without time zone",
        "timetz" => "time with time zone",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        "numeric" when type.Modifier >= LengthBase => string.Create(CultureInfo.InvariantCulture,
            $"numeric({(type.Modifier - LengthBase) >> 16},{(type.Modifier - LengthBase) & 0xFFFF})"),
        _ => type.Name,
    };

    static string Sized(string name, int size) => string.Create(CultureInfo.InvariantCulture, $"{name}({size})");
}
