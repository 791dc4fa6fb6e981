using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Makes the sequences that columns own what they are afterwards.</summary>
internal static class SequenceAlteration
{
    /// <summary>Renames, options, and new ones, which defaults may name. They move to another schema with their
    /// table.</summary>
    public static IEnumerable<DdlStatement> Before(AlteredTable table)
    {
        foreach ((SequenceDefinition before, SequenceDefinition after) in Pairs(table))
        {
            if (before.Name.Name != after.Name.Name)
            {
                yield return Statement(table, $"ALTER SEQUENCE {Moved(table, before)} "
                    + $"RENAME TO {PostgresNames.Quote(after.Name.Name)}");
            }
            if (Options(before) != Options(after))
            {
                bool isOutside = before.Min != after.Min || before.Max != after.Max;
                yield return Statement(table, $"ALTER SEQUENCE {PostgresNames.Quote(after.Name)} AS {after.Type}"
                    + $"{ColumnText.Options(after)}{(isOutside ? " RESTART" : "")}");
            }
        }
        foreach (SequenceDefinition made in Made(table))
        {
            yield return Statement(table, ColumnText.Create(made)) with
            {
                Does = "CREATE SEQUENCE",
                When = TableStatements.IsMissing(made.Name),
            };
        }
    }

    /// <summary>Owners of new ones; those that are nobody's any more.</summary>
    public static IEnumerable<DdlStatement> After(AlteredTable table)
    {
        HashSet<SequenceDefinition> made = [.. Made(table)];
        foreach (SequenceDefinition sequence in table.After.Sequences)
        {
            bool isTakenOver = Pairs(table).Any(pair => pair.After == sequence && pair.Before.Column != sequence.Column
                && !IsColumnOf(table, pair.Before, sequence));
            if (made.Contains(sequence) || (isTakenOver && !sequence.IsIdentity))
                yield return TableStatements.OwnedBy(sequence, table.Name, DdlPhase.Columns);
        }
        HashSet<SequenceDefinition> stays = [.. Pairs(table).Select(static pair => pair.Before)];
        foreach (SequenceDefinition lost in table.Before.Sequences.Where(s => !s.IsIdentity && !stays.Contains(s)))
        {
            string name = Moved(table, lost);
            yield return new(DdlPhase.DropTables, $"DROP SEQUENCE IF EXISTS {name}", "DROP SEQUENCE", table.Name)
            {
                // Dropped at the source, or only nobody's any more: a default that uses it says that it is there.
                Tolerates = "2BP01",
                Instead = $"ALTER SEQUENCE {name} OWNED BY NONE",
            };
        }
    }

    static IEnumerable<(SequenceDefinition Before, SequenceDefinition After)> Pairs(AlteredTable table)
    {
        List<SequenceDefinition> left = [.. table.Before.Sequences];
        foreach (SequenceDefinition after in table.After.Sequences)
        {
            // By name, else the one of the same column.
            SequenceDefinition? before = left.FirstOrDefault(s => s.IsIdentity == after.IsIdentity
                    && s.Name.Name == after.Name.Name)
                ?? left.FirstOrDefault(s => s.IsIdentity == after.IsIdentity && IsColumnOf(table, s, after)
                    && !table.After.Sequences.Any(other => other.Name.Name == s.Name.Name));
            if (before is null) continue;
            left.Remove(before);
            yield return (before, after);
        }
    }

    static bool IsColumnOf(AlteredTable table, SequenceDefinition before, SequenceDefinition after) =>
        table.Kept.Any(kept => kept.Before.Name == before.Column && kept.After.Name == after.Column);

    static IEnumerable<SequenceDefinition> Made(AlteredTable table) =>
        table.After.Sequences.Where(static s => !s.IsIdentity).Except(Pairs(table).Select(static pair => pair.After));

    static string Moved(AlteredTable table, SequenceDefinition sequence) =>
        PostgresNames.Quote(new TableName(table.Name.Schema, sequence.Name.Name));

    static SequenceDefinition Options(SequenceDefinition sequence) =>
        sequence with { Name = default, Column = "" };

    static DdlStatement Statement(AlteredTable table, string sql) =>
        new(DdlPhase.Columns, sql, "ALTER SEQUENCE", table.Name);
}
