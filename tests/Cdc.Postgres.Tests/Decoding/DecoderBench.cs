using System.Collections.Immutable;
using System.Text;
using Cdc.Engine.Ddl;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Decoding;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Tests.Decoding;

/// <summary>A decoder on the test's table: messages in, and what came out as lines of text.</summary>
sealed class DecoderBench : IDecoded, IDisposable
{
    readonly string _spill = Directory.CreateTempSubdirectory("cdc-decoder-").FullName;
    readonly PgOutputDecoder _decoder;

    public DecoderBench(
        SchemaHistory? history = null, StreamStart? start = null, TableSelection? selection = null,
        long openTransactionBytes = 1 << 20, bool keepText = true, DdlCaptureMode capture = DdlCaptureMode.Relation)
    {
        History = history ?? new([]);
        KeepText = keepText;
        start ??= new(CommitTs.Zero, CommitTs.Zero, History, new Dictionary<TableId, CommitTs>());
        DecoderOptions options = new(
            start with { History = History }, Catalog, selection ?? TableSelection.Everything,
            Path.Combine(_spill, "open"), Log)
        {
            OpenTransactionBytes = openTransactionBytes,
            Capture = capture,
            DdlPrefix = DdlMessages.Prefix,
        };
        _decoder = new(options, Pool, this);
    }

    public SchemaHistory History { get; }
    public FixedCatalog Catalog { get; } = new();
    public LinesLogger Log { get; } = new();
    public RowBlockPool Pool { get; } = new();
    public List<string> Events { get; } = [];

    /// <summary>How many batches are taken before the receiver gives up.</summary>
    public int Room { get; set; } = int.MaxValue;

    /// <summary>What was taken and not given back, if it is kept.</summary>
    public List<RowBatch>? Kept { get; set; }

    public long RowCount { get; private set; }
    bool KeepText { get; }

    /// <summary>The events but for resolved positions.</summary>
    public IEnumerable<string> Changes =>
        Events.Where(static line => !line.StartsWith("resolved", StringComparison.Ordinal));

    public DecoderBench Take(params byte[][] messages)
    {
        foreach (byte[] message in messages) _decoder.Decode(message);
        return this;
    }

    public DecoderBench Flush()
    {
        _decoder.Flush();
        return this;
    }

    public void Idle(ulong walEnd) => _decoder.Idle(walEnd, 0);

    public void Abandon() => _decoder.Abandon();

    public void Rows(RowBatch batch)
    {
        if (Room-- == 0) throw new OperationCanceledException();
        RowCount += batch.Count;
        if (KeepText)
        {
            foreach (Row row in batch) Events.Add(Print(row, batch.Schema));
        }
        if (Kept is null) batch.Release();
        else Kept.Add(batch);
    }

    public List<DdlEvent> Ddl { get; } = [];

    public void Block(BlockChange change)
    {
        if (change is TruncateEvent truncate) Events.Add(Print(truncate));
        if (change is not DdlEvent ddl) return;
        Ddl.Add(ddl);
        Events.Add(Print(ddl));
    }

    static string Print(DdlEvent ddl) =>
        $"ddl {Place(ddl.Block.Id.At)} {ddl.Tag} {{{string.Join("; ", ddl.Changes.Select(Print))}}} {ddl.Block.Influence}";

    static string Print(SchemaChange change) => change switch
    {
        SchemaChange.TableCreated created => $"create {Print(created.After)}",
        SchemaChange.TableAltered { Before: var before, After: var after, Rewrite: var rewrite } =>
            $"alter {(before.Name == after.Name ? "" : $"{before.Name} to ")}{Print(after)}"
            + (rewrite == TableRewrite.None ? "" : $" {rewrite}"),
        SchemaChange.TableDropped dropped => $"drop {dropped.Before.Name}",
        SchemaChange.TableLeft left => $"leave {left.Before.Name} to {left.Name}",
        SchemaChange.TypeAltered altered => $"type {altered.Before?.Name} to {altered.After.Name}",
        SchemaChange.TypeDropped dropped => $"drop type {dropped.Name}",
        SchemaChange.SchemaRenamed renamed => $"schema {renamed.Before} to {renamed.After}",
        SchemaChange.SchemaDropped dropped => $"drop schema {dropped.Name}",
        _ => "?",
    };

    static string Print(TableSchema table) =>
        $"{table.Name}#{table.Id}({string.Join(',', table.Columns.Select(static c => c.Name))})@{table.Since.Commit}.{table.Since.Step}";

    static string Print(TruncateEvent truncate) =>
        $"truncate {Place(truncate.Block.Id.At)} {string.Join(',', truncate.Tables.Select(t => t.Name.Name))}"
        + (truncate.Cascade ? " cascade" : "") + (truncate.RestartIdentity ? " restart" : "");

    public void Resolved(CommitTs at, long time) => Events.Add($"resolved {at.Commit}");

    public void Dispose()
    {
        _decoder.Dispose();
        Directory.Delete(_spill, recursive: true);
    }

    static string Place(CommitTs at) => $"{at.Commit}.{at.Step}";

    static string Print(Row row, TableSchema schema)
    {
        string old = row.OldImage == OldImage.None ? "" : $" {row.OldImage}{Print(row.Old)}";
        string flags = row.Flags == RowFlags.None ? "" : $" {row.Flags}";
        return $"{row.Op} {Place(row.Stamp.Ts)}#{row.Sequence} {schema.Name.Name}{old}{Print(row.New)}{flags}";
    }

    static string Print(Cdc.Engine.Rows.Tuple tuple)
    {
        List<string> cells = [];
        foreach (Cell cell in tuple)
            cells.Add(cell.IsNull ? "null" : cell.IsUnchanged ? "same" : Encoding.UTF8.GetString(cell.Bytes));
        return cells.Count == 0 ? "" : $" [{string.Join('|', cells)}]";
    }
}

/// <summary>Knows every type by its number, and the keys it was told.</summary>
sealed class FixedCatalog : ITableCatalog
{
    public Dictionary<uint, ImmutableArray<string>> Keys { get; } = [];
    public int Calls { get; private set; }

    public ColumnType Resolve(uint typeOid, int typmod) => new(TypeKind.Text, $"type{typeOid}", typeOid, typmod);

    public ImmutableArray<string> Key(uint tableOid)
    {
        Calls++;
        return Keys.GetValueOrDefault(tableOid, ["id"]);
    }
}

sealed class LinesLogger : ILogger
{
    public List<string> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        Lines.Add(formatter(state, exception));
}
