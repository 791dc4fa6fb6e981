using Cdc.Engine.Ddl;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Adds columns, with the values that the source's older rows have in them.</summary>
internal static class ColumnAddition
{
    const TableRewrite Rewritten =
        TableRewrite.Default | TableRewrite.ColumnType | TableRewrite.Persistence | TableRewrite.AccessMethod;

    public static IEnumerable<DdlStatement> Of(AlteredTable table)
    {
        // Those of a parent reach the table from there.
        List<ColumnDefinition> added = [.. table.Added.Where(column =>
            !table.Ancestors.Any(parent => parent.Added.Any(theirs => theirs.Name == column.Name)))];
        bool isRewritten = (table.Rewrite & Rewritten) != 0 && !table.Rewrite.HasFlag(TableRewrite.Empty);
        if (isRewritten)
        {
            foreach (DdlStatement step in Prove(table, added)) yield return step;
        }
        foreach (ColumnDefinition column in added)
        {
            foreach (DdlStatement statement in Add(table, column, isRewritten)) yield return statement;
        }
        foreach (ColumnDefinition column in table.Added.Except(added))
        {
            if (!column.IsGenerated && column.Default is { } value)
                yield return ColumnAlteration.Alter(table, column.Name, $"SET DEFAULT {value}");
        }
    }

    static IEnumerable<DdlStatement> Add(AlteredTable table, ColumnDefinition column, bool isRewritten)
    {
        string bare = ColumnText.Bare(column);
        if (column.IsGenerated || column.IdentityKind is not null || (isRewritten && column.Default is not null))
        {
            yield return Adds(ColumnText.Of(column, table.After.Sequences));
            yield break;
        }
        string older = Missing(table, column) is { } missing
            ? $" DEFAULT {PostgresNames.Literal(missing).TrimStart()}::{column.Type}"
            : !isRewritten && DomainDefault(table, column) is not null ? " DEFAULT NULL" : "";
        yield return Adds($"{bare}{older}{(column.NotNull ? " NOT NULL" : "")}");
        if (column.Default is { } value)
            yield return ColumnAlteration.Alter(table, column.Name, $"SET DEFAULT {value}");
        else if (older.Length > 0)
            yield return ColumnAlteration.Alter(table, column.Name, "DROP DEFAULT");

        DdlStatement Adds(string text) =>
            ColumnAlteration.Statement(table, $"ADD COLUMN {text}", "ALTER TABLE … ADD COLUMN");
    }

    // A partitioned table keeps no such value; its partitions do.
    static string? Missing(AlteredTable table, ColumnDefinition column)
    {
        if (column.MissingValue is { } own) return own;
        List<string?> below = [.. table.Below.Where(static child => child.After.Form == TableForm.Ordinary)
            .SelectMany(static child => child.Added).Where(theirs => theirs.Name == column.Name)
            .Select(static theirs => theirs.MissingValue).Distinct()];
        return below.Count <= 1 ? below.FirstOrDefault() : throw RewriteProof.NeedsCopy(table.OldName,
            $"older rows of its partitions have different values in the new column {column.Name}");
    }

    static IEnumerable<DdlStatement> Prove(AlteredTable table, List<ColumnDefinition> added)
    {
        List<(string, string)> defaults = [];
        foreach (ColumnDefinition column in added)
        {
            if (column.IsGenerated || Missing(table, column) is not null) continue;
            if (column.IdentityKind is not null)
            {
                throw RewriteProof.NeedsCopy(table.OldName,
                    $"the source numbered its rows in the new identity column {column.Name}, and the log does not say "
                    + "how");
            }
            if ((column.Default ?? DomainDefault(table, column)) is { } value) defaults.Add((column.Type, value));
        }
        return RewriteProof.Of(table.OldName, defaults, false);
    }

    static string? DomainDefault(AlteredTable table, ColumnDefinition column)
    {
        string type = Renames.None.Apply(column.Type);
        return table.After.Types.FirstOrDefault(domain =>
            domain.Form == TypeForm.Domain && PostgresNames.Quote(domain.Name) == type)?.Default;
    }
}
