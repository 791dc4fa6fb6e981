using System.Collections.Concurrent;
using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Filters;

/// <summary>Leaves out columns and kinds of change, by pattern.</summary>
/// <remarks>
/// What stays keeps its position, time and sequence. A rebuilt batch carries the very acknowledgement of the batch it
/// came from, so both stages stay whole; a batch of which nothing is left never reaches a sink and is flushed at once,
/// which delays nothing: a checkpoint still waits for every batch before it. Any thread may call.
/// </remarks>
public sealed class ChangeFilter
{
    readonly IReadOnlyList<ColumnPattern> _columns;
    readonly IReadOnlyList<OpsRule> _ops;
    readonly RowBlockPool _pool;

    // By reference: all rows of one version carry one object, and what is derived from it must be one object as well.
    readonly ConcurrentDictionary<TableSchema, TableFilter> _tables = new(ReferenceEqualityComparer.Instance);

    ChangeFilter(IReadOnlyList<ColumnPattern> columns, IReadOnlyList<OpsRule> ops, RowBlockPool pool) =>
        (_columns, _ops, _pool) = (columns, ops, pool);

    /// <summary>Leaves everything as it is.</summary>
    public static ChangeFilter PassAll { get; } = new([], [], new RowBlockPool());

    public bool IsEmpty => _columns.Count == 0 && _ops.Count == 0;

    /// <summary>From the texts of <c>--exclude-columns</c> and <c>--exclude-ops</c>.</summary>
    /// <exception cref="FormatException">A text is not a pattern; the message says why.</exception>
    public static ChangeFilter Parse(IEnumerable<string> columns, IEnumerable<string> ops, RowBlockPool pool) =>
        new([.. columns.Select(ColumnPattern.Parse)], [.. ops.Select(OpsRule.Parse)], pool);

    /// <summary>What keeps this filter from being used: columns of a key that it would leave out, and patterns that
    /// match nothing.</summary>
    /// <param name="tables">The tables to carry, as they are now.</param>
    /// <param name="earlier">Versions that they had before: the log may still hold rows of them.</param>
    public IEnumerable<Problem> Problems(
        IReadOnlyCollection<MatchedTable> tables, IEnumerable<TableSchema> earlier) =>
    [
        .. tables.SelectMany(table => Problems(table.Name, table.Key)),
        .. new PatternCheck(tables, earlier).Find(_columns, _ops),
    ];

    /// <summary>The version of the table that rows have after the filter; always the same object for the same
    /// one.</summary>
    public TableSchema Apply(TableSchema schema) => For(schema).Schema;

    /// <summary>The batch as it goes to the sink: itself, or a smaller one in its place; null if nothing is left. A
    /// batch that was replaced is released.</summary>
    public RowBatch? Apply(RowBatch batch)
    {
        if (IsEmpty) return batch;
        TableFilter table = For(batch.Schema);
        if (table.IsEmpty) return batch;
        RowBatch? rebuilt = table.Rebuild(batch, _pool);
        if (ReferenceEquals(rebuilt, batch)) return batch;
        if (rebuilt is not null) rebuilt.Acknowledgement = batch.Acknowledgement;
        batch.Release();
        if (rebuilt is null) batch.Acknowledgement.Flushed();
        return rebuilt;
    }

    /// <summary>The event as it goes to the sink; null if nothing of it is left. Its step stays taken.</summary>
    public BlockChange? Apply(BlockChange change) => change switch
    {
        TruncateEvent truncate => Apply(truncate),
        _ => change,
    };

    /// <summary>The statement without the tables whose TRUNCATE is left out; null if none is left. Its step stays
    /// taken.</summary>
    public TruncateEvent? Apply(TruncateEvent truncate)
    {
        if (IsEmpty) return truncate;
        ImmutableArray<TableSchema> left =
            [.. truncate.Tables.Select(For).Where(static table => !table.DropsTruncate)
                .Select(static table => table.Schema)];
        return left.IsEmpty ? null : truncate with { Tables = left };
    }

    TableFilter For(TableSchema schema) =>
        _tables.TryGetValue(schema, out TableFilter? known)
            ? known
            : _tables.GetOrAdd(schema, static (schema, filter) => filter.Derive(schema), this);

    TableFilter Derive(TableSchema schema)
    {
        ImmutableArray<bool> kept = [.. schema.Columns.Select((_, ordinal) => !Excludes(schema, ordinal))];
        // The start has asked for problems; a version that came later can still bring one.
        if (Problems(schema).FirstOrDefault() is { } problem)
            throw new CdcException(FailureKind.TableStopped, problem.Sentence, problem.Fix);
        return new(schema, kept, _ops.Where(rule => Applies(rule, schema)).Aggregate(
            DroppedOps.None, static (dropped, rule) => dropped | rule.Dropped));
    }

    static bool Applies(OpsRule rule, TableSchema schema) =>
        schema.Id != TableId.Trigger && rule.Tables.Matches(schema.Name);

    internal IEnumerable<Problem> Problems(TableSchema schema) => schema.Id == TableId.Trigger
        ? []
        : Problems(schema.Name, schema.Key.Select(ordinal => schema.Columns[ordinal].Name));

    IEnumerable<Problem> Problems(TableName table, IEnumerable<string> key) =>
        key.Where(column => Excludes(table, column)).Select(column => new Problem(
            FailureKind.Usage,
            $"The column {table}.{column} belongs to the key and can't be left out.",
            "Name the other columns in --exclude-columns one by one, or leave out the table with --exclude."));

    bool Excludes(TableSchema schema, int ordinal) =>
        schema.Id != TableId.Trigger && Excludes(schema.Name, schema.Columns[ordinal].Name);

    bool Excludes(TableName table, string column) => _columns.Any(pattern => pattern.Matches(table, column));
}
