using Cdc.Engine.Options;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Filters;

/// <summary>Matches columns by name: <c>schema.table.column</c>, each part as in a <see
/// cref="TablePattern"/>.</summary>
sealed class ColumnPattern
{
    readonly Glob _schema;
    readonly Glob _table;

    ColumnPattern(string text, Glob schema, Glob table, Glob column) =>
        (Text, _schema, _table, Column) = (text, schema, table, column);

    /// <summary>The pattern as it was written.</summary>
    public string Text { get; }

    /// <summary>The part that names the table, without quotes.</summary>
    public string Table => $"{_schema.Text}.{_table.Text}";

    /// <summary>The part that names the column.</summary>
    public Glob Column { get; }

    public bool Matches(TableName table) => _schema.Matches(table.Schema) && _table.Matches(table.Name);

    public bool Matches(TableName table, string column) => Matches(table) && Column.Matches(column);

    /// <exception cref="FormatException">The text is not a pattern; the message says why.</exception>
    public static ColumnPattern Parse(string text)
    {
        (Glob schema, int end) = Glob.Read(text, 0);
        if (end == text.Length) throw NotThreeParts(text);
        (Glob table, end) = Glob.Read(text, end + 1);
        if (end == text.Length) throw NotThreeParts(text);
        (Glob column, end) = Glob.Read(text, end + 1);
        return end == text.Length ? new(text, schema, table, column) : throw NotThreeParts(text);
    }

    public override string ToString() => Text;

    static FormatException NotThreeParts(string text) => new($"'{text}': a column is named schema.table.column.");
}
