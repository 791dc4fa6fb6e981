using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs;

/// <summary>A column as a schema change's line shows it: what a definition says, and what rows of it are.</summary>
/// <param name="Type">What its cells are; null for a generated column, which rows don't have.</param>
internal sealed record DescribedColumn(ColumnDefinition Definition, ColumnType? Type)
{
    /// <summary>In the table's order. Without a definition, what its rows say.</summary>
    public static ImmutableArray<DescribedColumn> Of(TableSchema table)
    {
        Dictionary<string, ColumnType> types = table.Columns.ToDictionary(static c => c.Name, static c => c.Type);
        return table.Definition is { } definition
            ? [.. definition.Columns.Select(c => new DescribedColumn(c, types.GetValueOrDefault(c.Name)))]
            : [.. table.Columns.Select(static (c, i) => new DescribedColumn(new(i + 1, c.Name, c.Type.Name), c.Type))];
    }
}
