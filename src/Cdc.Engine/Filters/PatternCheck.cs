using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Filters;

/// <summary>Finds patterns that match nothing. Most likely they are mistyped, and what they were to keep out would go
/// through.</summary>
sealed class PatternCheck
{
    readonly Dictionary<TableName, HashSet<string>> _known = [];

    /// <param name="earlier">Versions that tables had before: the log may still hold rows of them.</param>
    public PatternCheck(IEnumerable<MatchedTable> tables, IEnumerable<TableSchema> earlier)
    {
        foreach (MatchedTable table in tables) Add(table.Name, table.Columns);
        foreach (TableSchema schema in earlier.Where(static schema => schema.Id != TableId.Trigger))
            Add(schema.Name, schema.Columns.Select(static column => column.Name));
    }

    public IEnumerable<Problem> Find(IEnumerable<ColumnPattern> columns, IEnumerable<OpsRule> rules)
    {
        // That no table matches at all is a problem of its own, said elsewhere.
        if (_known.Count == 0) yield break;
        foreach (ColumnPattern pattern in columns.Where(pattern => !IsUsed(pattern)))
        {
            yield return Unused($"--exclude-columns {pattern} matches no column of the tables to carry.",
                Nearest(pattern), "schema.table.column");
        }
        foreach (TablePattern pattern in rules.Select(static rule => rule.Tables).Where(pattern => !IsUsed(pattern)))
        {
            yield return Unused($"--exclude-ops {pattern} matches none of the tables to carry.",
                NearestName.Of(pattern.Text, Names()), "schema.table, or a schema");
        }
    }

    void Add(TableName table, IEnumerable<string> columns)
    {
        if (!_known.TryGetValue(table, out HashSet<string>? names)) _known[table] = names = [];
        names.UnionWith(columns);
    }

    bool IsUsed(ColumnPattern pattern) =>
        _known.Any(table => table.Value.Any(column => pattern.Matches(table.Key, column)));

    bool IsUsed(TablePattern pattern) => _known.Keys.Any(pattern.Matches);

    string? Nearest(ColumnPattern pattern)
    {
        TableName[] tables = [.. _known.Keys.Where(pattern.Matches)];
        if (tables.Length == 0)
        {
            string? near = NearestName.Of(pattern.Table, _known.Keys.Select(static table => table.ToString()));
            tables = [.. _known.Keys.Where(table => table.ToString() == near)];
        }
        // The column may be right and only the table mistyped.
        foreach (TableName table in tables)
        {
            if (_known[table].FirstOrDefault(column => pattern.Column.Matches(column)) is { } meant)
                return $"{table}.{meant}";
        }
        string? like = NearestName.Of(pattern.Column.Text, tables.SelectMany(table => _known[table]));
        return like is null ? null : $"{tables.First(table => _known[table].Contains(like))}.{like}";
    }

    IEnumerable<string> Names() => _known.Keys.Select(static table => table.ToString())
        .Concat(_known.Keys.Select(static table => table.Schema).Distinct());

    static Problem Unused(string sentence, string? near, string form) => new(FailureKind.Usage, sentence,
        near is null ? $"Case counts. Expected: {form}." : $"Did you mean {near}? Case counts.");
}
