using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Makes the constraints and indexes of a table what they are afterwards. One that only names something
/// renamed is left as it is.</summary>
internal static class KeyAlteration
{
    const string DropConstraint = "ALTER TABLE … DROP CONSTRAINT";

    /// <summary>In every phase that they need.</summary>
    public static IEnumerable<DdlStatement> Of(AlteredTable table) =>
        [.. Constraints(table), .. Indexes(table), .. Identity(table)];

    static IEnumerable<DdlStatement> Constraints(AlteredTable table)
    {
        List<ConstraintDefinition> left = [.. table.Before.Constraints];
        List<ConstraintDefinition> added = [];
        foreach (ConstraintDefinition after in table.After.Constraints)
        {
            if (left.Find(before => before.Name == after.Name && AreSame(table, before, after)) is not { } same)
            {
                added.Add(after);
                continue;
            }
            left.Remove(same);
            if (TypeStatements.IsNotValid(same.Text) && !TypeStatements.IsNotValid(after.Text) && !after.IsInherited)
                yield return Validate(table.Name, after);
        }
        foreach (ConstraintDefinition after in added.ToArray())
        {
            if (left.Find(before => AreSame(table, before, after)) is not { } renamed) continue;
            left.Remove(renamed);
            added.Remove(after);
            yield return Alter(table, DdlPhase.DropKeys, $"RENAME CONSTRAINT {PostgresNames.Quote(renamed.Name)} "
                + $"TO {PostgresNames.Quote(after.Name)}", "ALTER TABLE … RENAME CONSTRAINT") with
            {
                // A parent's takes those of its children along.
                When = $"NOT ({KeyText.IsMissing(table.Name, renamed)})",
            };
        }
        foreach (ConstraintDefinition before in left) yield return Drop(table, before);
        foreach (ConstraintDefinition after in added) yield return Add(table, after);
    }

    static bool AreSame(AlteredTable table, ConstraintDefinition before, ConstraintDefinition after) =>
        before.Kind == after.Kind && table.Renames.AreSame(Valid(before.Text), Valid(after.Text));

    static string Valid(string text) => TypeStatements.IsNotValid(text) ? text[..^" NOT VALID".Length] : text;

    static DdlStatement Drop(AlteredTable table, ConstraintDefinition constraint)
    {
        string action = $"DROP CONSTRAINT IF EXISTS {PostgresNames.Quote(constraint.Name)}";
        return constraint.Kind == ConstraintKind.ForeignKey
            // Before anything that it depends on goes or moves.
            ? new(DdlPhase.DropForeignKeys, $"ALTER TABLE IF EXISTS {PostgresNames.Quote(table.OldName)} {action}",
                DropConstraint, table.Name)
            : Alter(table, DdlPhase.DropKeys, action, DropConstraint);
    }

    static DdlStatement Add(AlteredTable table, ConstraintDefinition constraint)
    {
        if (constraint.Kind == ConstraintKind.ForeignKey)
            return TieText.ForeignKey(table.Name, constraint, table.After);
        DdlStatement add = KeyText.Add(table.Name, constraint);
        return constraint.IsInherited
            ? add with
            {
                When = KeyText.IsMissing(table.Name, constraint) + TieText.NotFromParent(table.Name, table.After),
            }
            : add;
    }

    static DdlStatement Validate(TableName table, ConstraintDefinition constraint) => new(
        constraint.Kind == ConstraintKind.ForeignKey ? DdlPhase.ForeignKeys : DdlPhase.Keys,
        $"ALTER TABLE {PostgresNames.Quote(table)} VALIDATE CONSTRAINT {PostgresNames.Quote(constraint.Name)}",
        "ALTER TABLE … VALIDATE CONSTRAINT", table);

    static IEnumerable<DdlStatement> Indexes(AlteredTable table)
    {
        List<IndexDefinition> left = [.. table.Before.Indexes];
        List<IndexDefinition> added = [];
        foreach (IndexDefinition after in table.After.Indexes)
        {
            IndexDefinition? same = left.Find(before => before.Name == after.Name && AreSame(table, before, after));
            if (same is null) added.Add(after);
            else left.Remove(same);
        }
        foreach (IndexDefinition after in added.ToArray())
        {
            if (left.Find(before => AreSame(table, before, after)) is not { } renamed) continue;
            left.Remove(renamed);
            added.Remove(after);
            yield return new(DdlPhase.DropKeys, $"ALTER INDEX {PostgresNames.Quote(Named(table, renamed))} "
                + $"RENAME TO {PostgresNames.Quote(after.Name)}", "ALTER INDEX … RENAME", table.Name);
        }
        foreach (IndexDefinition before in left)
        {
            yield return new(DdlPhase.DropKeys, $"DROP INDEX IF EXISTS {PostgresNames.Quote(Named(table, before))}",
                "DROP INDEX", table.Name);
        }
        foreach (IndexDefinition after in added)
        {
            DdlStatement create = KeyText.Create(table.Name, after);
            yield return after.IsInherited
                ? create with
                {
                    When = KeyText.IsMissing(table.Name, after) + TieText.NotFromParent(table.Name, table.After),
                }
                : create;
        }
    }

    static bool AreSame(AlteredTable table, IndexDefinition before, IndexDefinition after) =>
        before.IsUnique == after.IsUnique && table.Renames.AreSame(Body(before.Text), Body(after.Text));

    // Behind its own name: ON schema.table USING …
    static string Body(string text)
    {
        SqlToken on = SqlTokens.Of(text).Find(static token => token.Is("on"));
        return text[on.Start..].Replace("ON ONLY ", "ON ", StringComparison.Ordinal);
    }

    // Indexes moved with their table.
    static TableName Named(AlteredTable table, IndexDefinition index) => new(table.Name.Schema, index.Name);

    static IEnumerable<DdlStatement> Identity(AlteredTable table)
    {
        bool isSame = table.Schema.Identity == table.OldSchema.Identity
            && (table.Schema.Identity != ReplicaIdentity.Index || (
                KeyText.IdentityIndex(table.Schema, table.After) is { } index
                && index == KeyText.IdentityIndex(table.OldSchema, table.Before)
                && table.Before.Indexes.SequenceEqual(table.After.Indexes)
                && table.Before.Constraints.SequenceEqual(table.After.Constraints)));
        if (!isSame && KeyText.Identity(table.Schema, table.After) is { } identity) yield return identity;
    }

    static DdlStatement Alter(AlteredTable table, DdlPhase phase, string action, string does) =>
        new(phase, $"ALTER TABLE {PostgresNames.Quote(table.Name)} {action}", does, table.Name);
}
