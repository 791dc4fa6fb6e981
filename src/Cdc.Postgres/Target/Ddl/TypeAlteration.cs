using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>What makes one version of a type into the next, in place: tables go on using it.</summary>
internal static class TypeAlteration
{
    /// <summary>In order. Names of parts are compared if the numbers of the two versions do not belong
    /// together.</summary>
    /// <param name="areNumbered">Whether both versions come from the same server.</param>
    /// <exception cref="NotSupportedException">The server knows no statement for it; the message is the rest of a
    /// sentence.</exception>
    public static IEnumerable<string> Of(TypeDefinition before, TypeDefinition after, bool areNumbered)
    {
        if (before.Form != after.Form) throw new NotSupportedException("is a type of another kind there");
        string kind = after.Form == TypeForm.Domain ? "DOMAIN" : "TYPE";
        foreach (string sql in Moves(kind, before.Name, after.Name)) yield return sql;
        IEnumerable<string> parts = after.Form switch
        {
            TypeForm.Enum => Labels(after.Name, before.Labels, after.Labels),
            TypeForm.Composite => Attributes(before, after, areNumbered),
            TypeForm.Domain => Domain(before, after),
            TypeForm.Range when before.Base != after.Base =>
                throw new NotSupportedException("is a range of another type"),
            TypeForm.Range or TypeForm.Given => [],
        };
        foreach (string sql in parts) yield return sql;
    }

    /// <summary>Whether both are the same but for numbers.</summary>
    public static bool AreEqual(TypeDefinition one, TypeDefinition other) => Bare(one) == Bare(other);

    static TypeDefinition Bare(TypeDefinition type) => type with
    {
        SourceId = 0,
        Attributes = [.. type.Attributes.Select(static (attribute, i) => attribute with { Number = i })],
    };

    static IEnumerable<string> Moves(string kind, TableName before, TableName after)
    {
        if (before.Schema != after.Schema)
        {
            yield return $"ALTER {kind} {PostgresNames.Quote(before)} SET SCHEMA {PostgresNames.Quote(after.Schema)}";
        }
        if (before.Name == after.Name) yield break;
        string moved = PostgresNames.Quote(before with { Schema = after.Schema });
        yield return $"ALTER {kind} {moved} RENAME TO {PostgresNames.Quote(after.Name)}";
    }

    static IEnumerable<string> Labels(TableName type, ValueList<string> before, ValueList<string> after)
    {
        string name = PostgresNames.Quote(type);
        ImmutableArray<string> gone = [.. before.Except(after)];
        ImmutableArray<string> added = [.. after.Except(before)];
        if (gone.Length > 0)
        {
            if (before.Count != after.Count || gone.Length != added.Length)
                throw new NotSupportedException("has labels there that the source's has not; they can't be dropped");
            for (int i = 0; i < after.Count; i++)
            {
                if (before[i] == after[i]) continue;
                yield return $"ALTER TYPE {name} RENAME VALUE {TypeStatements.Label(before[i])} "
                    + $"TO {TypeStatements.Label(after[i])}";
            }
            yield break;
        }
        if (!after.Except(added).SequenceEqual(before))
            throw new NotSupportedException("has its labels in another order there");
        for (int i = 0; i < after.Count; i++)
        {
            if (!added.Contains(after[i])) continue;
            // Every earlier label is there by now; before the first one stands none that is not new.
            string? next = after.Skip(i + 1).FirstOrDefault(label => !added.Contains(label));
            string place = i > 0 ? $" AFTER {TypeStatements.Label(after[i - 1])}"
                : next is not null ? $" BEFORE {TypeStatements.Label(next)}"
                : "";
            yield return $"ALTER TYPE {name} ADD VALUE {TypeStatements.Label(after[i])}{place}";
        }
    }

    static IEnumerable<string> Attributes(TypeDefinition before, TypeDefinition after, bool areNumbered)
    {
        string name = PostgresNames.Quote(after.Name);
        Dictionary<object, ColumnDefinition> old = before.Attributes.ToDictionary(Key);
        HashSet<object> left = [.. after.Attributes.Select(Key)];
        foreach (ColumnDefinition attribute in before.Attributes.Where(attribute => !left.Contains(Key(attribute))))
            yield return $"ALTER TYPE {name} DROP ATTRIBUTE {PostgresNames.Quote(attribute.Name)} CASCADE";
        IEnumerable<(string, string)> renames =
            after.Attributes.Where(attribute => old.ContainsKey(Key(attribute)))
                .Select(attribute => (old[Key(attribute)].Name, attribute.Name));
        foreach ((string from, string to) in RenameOrder.Of(renames))
        {
            yield return $"ALTER TYPE {name} RENAME ATTRIBUTE {PostgresNames.Quote(from)} "
                + $"TO {PostgresNames.Quote(to)} CASCADE";
        }
        foreach (ColumnDefinition attribute in after.Attributes)
        {
            if (!old.TryGetValue(Key(attribute), out ColumnDefinition? was))
            {
                yield return $"ALTER TYPE {name} ADD ATTRIBUTE {ColumnText.Bare(attribute)} CASCADE";
            }
            else if (was.Type != attribute.Type || was.Collation != attribute.Collation)
            {
                yield return $"ALTER TYPE {name} ALTER ATTRIBUTE {PostgresNames.Quote(attribute.Name)} TYPE "
                    + $"{attribute.Type}{ColumnText.Collate(attribute.Collation)} CASCADE";
            }
        }

        object Key(ColumnDefinition attribute) => areNumbered ? attribute.Number : attribute.Name;
    }

    static IEnumerable<string> Domain(TypeDefinition before, TypeDefinition after)
    {
        if (before.Base != after.Base) throw new NotSupportedException("stands on another type");
        string alter = $"ALTER DOMAIN {PostgresNames.Quote(after.Name)}";
        foreach (ConstraintDefinition check in before.Constraints.Where(check => Same(after, check) is null))
        {
            ConstraintDefinition? renamed = RenamedTo(before, after, check);
            yield return renamed is null
                ? $"{alter} DROP CONSTRAINT {PostgresNames.Quote(check.Name)}"
                : $"{alter} RENAME CONSTRAINT {PostgresNames.Quote(check.Name)} TO {PostgresNames.Quote(renamed.Name)}";
        }
        if (before.Default != after.Default)
            yield return after.Default is { } value ? $"{alter} SET DEFAULT {value}" : $"{alter} DROP DEFAULT";
        if (before.NotNull != after.NotNull) yield return $"{alter} {(after.NotNull ? "SET" : "DROP")} NOT NULL";
        foreach (ConstraintDefinition check in after.Constraints)
        {
            if (Same(before, check) is { } same)
            {
                if (same.Text != check.Text)
                    yield return $"{alter} VALIDATE CONSTRAINT {PostgresNames.Quote(check.Name)}";
            }
            else if (!before.Constraints.Any(old => RenamedTo(before, after, old) == check))
            {
                yield return $"{alter} ADD CONSTRAINT {PostgresNames.Quote(check.Name)} {check.Text}";
            }
        }
    }

    static ConstraintDefinition? Same(TypeDefinition type, ConstraintDefinition check) =>
        type.Constraints.FirstOrDefault(other => other.Name == check.Name
            && (other.Text == check.Text || other.Text == check.Text + " NOT VALID"
                || check.Text == other.Text + " NOT VALID"));

    static ConstraintDefinition? RenamedTo(TypeDefinition before, TypeDefinition after, ConstraintDefinition check) =>
        after.Constraints.FirstOrDefault(other => other.Text == check.Text
            && !before.Constraints.Any(old => old.Name == other.Name)
            && !after.Constraints.Any(kept => kept.Name == check.Name));
}
