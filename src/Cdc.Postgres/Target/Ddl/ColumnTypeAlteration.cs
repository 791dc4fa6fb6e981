using Cdc.Engine.Ddl;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Changes the types of columns in one statement, as an expression may read several of them; where rows are
/// written anew, only after a proof that they get the source's values.</summary>
internal static class ColumnTypeAlteration
{
    /// <param name="sql">The user's statement, where it is known.</param>
    public static IEnumerable<DdlStatement> Of(AlteredTable table, string? sql)
    {
        List<Change> changes = [.. Changes(table, sql)];
        bool isRewritten = table.HasRewritten(TableRewrite.ColumnType);
        bool isTold = table.HasNoUsing || (sql is not null && IsToldBy(sql, table));
        if (isRewritten && table.Parents.Count == 0 && !isTold)
        {
            throw RewriteProof.NeedsCopy(table.OldName,
                "the type of a column was changed by a statement whose text the server does not tell (in a function, "
                + "or one of several alike in a string), so how its values were made is not known");
        }
        if (changes.Count == 0) yield break;
        bool isEmpty = table.Rewrite.HasFlag(TableRewrite.Empty);
        if (isEmpty && sql is null) yield return RewriteProof.IsEmpty(table.OldName);
        if (isRewritten)
        {
            foreach (DdlStatement step in RewriteProof.Of(table.OldName,
                [.. changes.Where(static change => !change.IsExact)
                    .Select(static change => (change.Type, change.Using ?? change.Quoted))], true))
            {
                yield return step;
            }
        }
        IEnumerable<string> actions = changes.Select(change => change.Action(isEmpty && sql is null));
        yield return new(DdlPhase.Columns,
            $"ALTER TABLE {PostgresNames.Quote(table.Name)} {string.Join(", ", actions)}",
            "ALTER TABLE … ALTER COLUMN … TYPE", table.Name)
        {
            ReadsSearchPath = changes.Exists(static change => change.Using is not null),
        };
    }

    /// <summary>Whether the column gets another type here, not only another name of its type.</summary>
    public static bool IsChanged(AlteredTable table, ColumnDefinition before, ColumnDefinition after) =>
        !table.Renames.AreSame(before.Type, after.Type) || !table.Renames.AreSame(before.Collation, after.Collation);

    static IEnumerable<Change> Changes(AlteredTable table, string? sql)
    {
        IReadOnlyDictionary<string, string?> said =
            sql is null ? new Dictionary<string, string?>() : AlterText.ColumnTypes(sql);
        bool isRewritten = (table.Rewrite & TableRewrite.ColumnType) != 0;
        foreach ((ColumnDefinition before, ColumnDefinition after) in table.Kept)
        {
            bool isSaid = said.TryGetValue(before.Name, out string? expression);
            // USING can give other values of the same type.
            if (!IsChanged(table, before, after) && !(isSaid && isRewritten)) continue;
            if (table.Ancestors.Any(parent => Has(parent, before))) continue;
            string type = after.Type + ColumnText.Collate(after.Collation);
            yield return new(PostgresNames.Quote(before.Name), type, expression)
            {
                IsExact = ExactCast.Is(table, before, after, expression),
            };
        }
    }

    // A text that leaves out one of them, or sets no type at all, is that of another statement.
    static bool IsToldBy(string sql, AlteredTable table)
    {
        IReadOnlyDictionary<string, string?> said = AlterText.ColumnTypes(sql);
        return said.Count > 0 && table.Kept.All(kept =>
            said.ContainsKey(kept.Before.Name) || !IsChanged(table, kept.Before, kept.After));
    }

    static bool Has(AlteredTable parent, ColumnDefinition column) =>
        parent.Kept.Any(kept => kept.Before.Name == column.Name);

    sealed record Change(string Quoted, string Type, string? Using)
    {
        /// <summary>It gives the same values here without a proof.</summary>
        public bool IsExact { get; init; }

        public string Action(bool isOfNothing)
        {
            string expression = Using is not null ? $" USING {Using}"
                // No row asks for it, and there may be no way from the one type to the other.
                : isOfNothing ? $" USING NULL::{Type.Split(" COLLATE ")[0]}"
                : "";
            return $"ALTER COLUMN {Quoted} TYPE {Type}{expression}";
        }
    }
}
