using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>A table's definition without the columns that the target has not: those that a filter leaves out of the
/// rows, and what is made of them.</summary>
internal static class TargetView
{
    /// <exception cref="CdcException">SinkUnfit: the source does not say how its tables are made.</exception>
    public static TableDefinition Of(TableSchema table)
    {
        TableDefinition whole = table.Definition ?? throw new CdcException(FailureKind.SinkUnfit,
            $"The source does not say how {table.Name} is made, and a database target needs to know.",
            "Use --ddl-capture trigger, or a target that takes rows only.");
        HashSet<string> sent = [.. table.Columns.Select(static column => column.Name)];
        HashSet<string> missing =
            [.. whole.Columns.Where(column => !column.IsGenerated && !sent.Contains(column.Name)).Select(Name)];
        // A partitioned table has no rows, so nothing says what would be left out of them but its partitions.
        if (missing.Count == 0 || table.Columns.IsEmpty) return whole;
        missing.UnionWith([.. whole.Columns
            .Where(column => column.IsGenerated && Uses(column.Default, missing)).Select(Name)]);
        return whole with
        {
            Columns = [.. whole.Columns.Where(column => !missing.Contains(column.Name))],
            Constraints = [.. whole.Constraints.Where(constraint => !Uses(constraint.Text, missing))],
            Indexes = [.. whole.Indexes.Where(index => !Uses(AfterTable(index.Text), missing))],
            Sequences = [.. whole.Sequences.Where(sequence => !missing.Contains(sequence.Column))],
        };
    }

    static string Name(ColumnDefinition column) => column.Name;

    static bool Uses(string? text, HashSet<string> columns) =>
        text is not null && SqlTokens.Of(text).Any(token => token.IsName && columns.Contains(token.Value));

    // CREATE INDEX name ON schema.table USING …: the index may be called as a column is.
    static string AfterTable(string text) =>
        text.IndexOf(" USING ", StringComparison.Ordinal) is var at and >= 0 ? text[at..] : text;
}
