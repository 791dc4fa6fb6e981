using Cdc.Engine.Ddl;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Makes the columns of a table what they are afterwards. The server's numbers say which is which, so a rename
/// is no drop.</summary>
internal static class ColumnAlteration
{
    /// <param name="keepsDropped">Columns that the source dropped stay, and take NULL.</param>
    public static IEnumerable<DdlStatement> Of(AlteredTable table, string? sql, bool keepsDropped) =>
    [
        .. Loosen(table),
        // What a generated column reads can neither be dropped nor get another type before it.
        .. Drop(table, keepsDropped, true),
        .. ColumnTypeAlteration.Of(table, sql),
        .. Drop(table, keepsDropped, false),
        .. Rename(table),
        .. SequenceAlteration.Before(table),
        .. ColumnAddition.Of(table),
        .. Tighten(table),
        .. SequenceAlteration.After(table),
    ];

    public static DdlStatement Alter(AlteredTable table, string column, string action) =>
        Statement(table, $"ALTER COLUMN {PostgresNames.Quote(column)} {action}", "ALTER TABLE … ALTER COLUMN");

    // A child in the same event has its own default, which this one's would replace.
    static DdlStatement Default(AlteredTable table, string column, string action) => new(DdlPhase.Columns,
        $"ALTER TABLE {(table.Below.Count > 0 ? "ONLY " : "")}{PostgresNames.Quote(table.Name)} "
        + $"ALTER COLUMN {PostgresNames.Quote(column)} {action}", "ALTER TABLE … ALTER COLUMN", table.Name);

    public static DdlStatement Statement(AlteredTable table, string action, string does) => new(
        DdlPhase.Columns, $"ALTER TABLE {PostgresNames.Quote(table.Name)} {action}", does, table.Name);

    // What could stand in the way of another type, under the names of before.
    static IEnumerable<DdlStatement> Loosen(AlteredTable table)
    {
        foreach ((ColumnDefinition before, ColumnDefinition after) in table.Kept)
        {
            if (before.IsGenerated)
            {
                if (!after.IsGenerated) yield return Alter(table, before.Name, "DROP EXPRESSION IF EXISTS");
                continue;
            }
            if (before.IdentityKind is not null && after.IdentityKind is null)
                yield return Alter(table, before.Name, "DROP IDENTITY IF EXISTS");
            bool goes = after.Default is null || ColumnTypeAlteration.IsChanged(table, before, after);
            if (before.Default is not null && goes) yield return Default(table, before.Name, "DROP DEFAULT");
            if (before.NotNull && !after.NotNull) yield return Alter(table, before.Name, "DROP NOT NULL");
        }
    }

    static IEnumerable<DdlStatement> Drop(AlteredTable table, bool keepsDropped, bool areGenerated) =>
        table.Dropped.Where(column => column.IsGenerated == areGenerated).Select(column => keepsDropped
            ? Alter(table, column.Name, "DROP NOT NULL") with
            {
                // The parent's loses it for all, and a generated column or one that is NULL already needs nothing.
                When = $"EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = "
                    + $"{TableStatements.Regclass(table.Name)} AND attname = {PostgresNames.Literal(column.Name)} "
                    + "AND attnotnull AND attidentity = '')",
            }
            : Statement(table, $"DROP COLUMN IF EXISTS {PostgresNames.Quote(column.Name)}",
                "ALTER TABLE … DROP COLUMN"));

    static IEnumerable<DdlStatement> Rename(AlteredTable table)
    {
        IEnumerable<(string, string)> renames = table.Kept
            .Where(kept => !table.Ancestors.Any(parent => parent.Kept.Any(theirs =>
                theirs.Before.Name == kept.Before.Name && theirs.After.Name == kept.After.Name)))
            .Select(static kept => (kept.Before.Name, kept.After.Name));
        foreach ((string from, string to) in RenameOrder.Of(renames))
        {
            yield return Statement(table, $"RENAME COLUMN {PostgresNames.Quote(from)} TO {PostgresNames.Quote(to)}",
                "ALTER TABLE … RENAME COLUMN");
        }
    }

    static IEnumerable<DdlStatement> Tighten(AlteredTable table)
    {
        foreach ((ColumnDefinition before, ColumnDefinition after) in table.Kept)
        {
            if (after.IsGenerated)
            {
                if (!table.Renames.AreSame(before.Default, after.Default))
                    yield return Alter(table, after.Name, $"SET EXPRESSION AS ({after.Default})");
            }
            else if (after.Default is { } value && before.IsGenerated || IsDefaultNew(table, before, after))
            {
                yield return Default(table, after.Name, $"SET DEFAULT {after.Default}");
            }
            if (after.NotNull && !before.NotNull) yield return Alter(table, after.Name, "SET NOT NULL");
            if (after.IdentityKind is not { } kind || kind == before.IdentityKind) continue;
            yield return Alter(table, after.Name, before.IdentityKind is null
                ? $"ADD GENERATED {kind} AS IDENTITY{ColumnText.Identity(after, table.After.Sequences)}"
                : $"SET GENERATED {kind}");
        }
    }

    static bool IsDefaultNew(AlteredTable table, ColumnDefinition before, ColumnDefinition after) =>
        after.Default is not null
        && (before.Default != after.Default || ColumnTypeAlteration.IsChanged(table, before, after));
}
