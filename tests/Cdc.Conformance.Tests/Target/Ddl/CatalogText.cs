using System.Text;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Conformance.Tests.Target.Ddl;

/// <summary>A catalog as lines that two servers must have alike: without the numbers that each gives by itself.</summary>
internal static class CatalogText
{
    public static string Of(CatalogState state, bool withSchemas = false)
    {
        StringBuilder text = new();
        foreach (TableSchema table in state.Tables.Values.OrderBy(static t => t.Name.ToString(), StringComparer.Ordinal))
            Table(table, text);
        HashSet<TableName> used = [.. state.Tables.Values.SelectMany(static t => t.Definition!.Types)
            .Select(static type => type.Name)];
        foreach (TypeDefinition type in state.Types.Values.Where(t => used.Contains(t.Name))
            .OrderBy(static t => t.Name.ToString(), StringComparer.Ordinal)) Type(type, text);
        if (withSchemas) text.AppendJoin(' ', state.Schemas.Values.Order(StringComparer.Ordinal));
        return text.ToString();
    }

    static void Table(TableSchema table, StringBuilder text)
    {
        TableDefinition definition = table.Definition!;
        text.AppendLine($"{table.Name} {definition.Form} {definition.PartitionKey} of {definition.PartitionOf} "
            + $"{definition.PartitionBound} inherits {string.Join(", ", definition.Inherits)} {table.Identity} key "
            + string.Join(", ", table.Key.Select(i => table.Columns[i].Name)));
        foreach (ColumnDefinition column in definition.Columns.OrderBy(static c => c.Name, StringComparer.Ordinal))
            text.AppendLine($"  {column with { Number = 0, MissingValue = null }}");
        foreach (ConstraintDefinition constraint in definition.Constraints)
            text.AppendLine($"  {constraint with { IsInherited = false }}");
        foreach (IndexDefinition index in definition.Indexes) text.AppendLine($"  {index}");
        foreach (SequenceDefinition sequence in definition.Sequences) text.AppendLine($"  {sequence}");
    }

    static void Type(TypeDefinition type, StringBuilder text) => text.AppendLine(
        $"{type.Name} {type.Form} {type.Base} {type.Collation} {type.Default} {type.NotNull} {type.RangeOptions} "
        + $"({string.Join(", ", type.Labels)}) ({string.Join(", ", type.Attributes.Select(a => a with { Number = 0 }))}) "
        + string.Join(", ", type.Constraints));
}
