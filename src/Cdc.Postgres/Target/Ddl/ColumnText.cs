using System.Text;
using Cdc.Engine.Ddl;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Writes a column as CREATE TABLE and ADD COLUMN take it, and sequences.</summary>
internal static class ColumnText
{
    /// <param name="sequences">Of the table: an identity column is made with its own.</param>
    public static string Of(ColumnDefinition column, IEnumerable<SequenceDefinition> sequences)
    {
        StringBuilder text = new(Bare(column));
        if (column.IsGenerated) text.Append($" GENERATED ALWAYS AS ({column.Default}) STORED");
        else if (column.IdentityKind is { } kind)
            text.Append($" GENERATED {kind} AS IDENTITY{Identity(column, sequences)}");
        else if (column.Default is { } value) text.Append($" DEFAULT {value}");
        if (column.NotNull) text.Append(" NOT NULL");
        return text.ToString();
    }

    /// <summary>Name, type and collation.</summary>
    public static string Bare(ColumnDefinition column) =>
        $"{PostgresNames.Quote(column.Name)} {column.Type}{Collate(column.Collation)}";

    public static string Collate(string? collation) => collation is null ? "" : $" COLLATE {collation}";

    /// <summary>The parentheses of an identity column's sequence; empty if it is not known.</summary>
    public static string Identity(ColumnDefinition column, IEnumerable<SequenceDefinition> sequences) =>
        sequences.FirstOrDefault(sequence => sequence.IsIdentity && sequence.Column == column.Name) is { } sequence
            ? $" (SEQUENCE NAME {PostgresNames.Quote(sequence.Name)}{Options(sequence)})"
            : "";

    public static string Create(SequenceDefinition sequence) =>
        $"CREATE SEQUENCE {PostgresNames.Quote(sequence.Name)} AS {sequence.Type}{Options(sequence)}";

    public static string Options(SequenceDefinition sequence) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $" INCREMENT BY {sequence.Increment} MINVALUE {sequence.Min} MAXVALUE {sequence.Max}"
        + $" START WITH {sequence.Start} CACHE {sequence.Cache} {(sequence.Cycles ? "CYCLE" : "NO CYCLE")}");
}
