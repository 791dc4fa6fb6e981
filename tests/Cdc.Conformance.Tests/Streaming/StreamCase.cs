using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Decoding;
using Cdc.Postgres.Streaming;
using Cdc.Postgres.Wire;
using Cdc.Protocol;
using Cdc.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cdc.Conformance.Tests.Streaming;

/// <summary>One database and its slot; what the stream brings is seen as lines of text with their positions.</summary>
sealed class StreamCase(PostgresCluster cluster, string name) : IAsyncDisposable
{
    readonly TemporaryDirectory _directory = new();

    public string Slot => name;
    public string Publication { get; set; } = "pub";
    public SchemaHistory History { get; set; } = new([]);
    public SafePositions Positions { get; set; } = new();
    public long OpenTransactionBytes { get; set; } = 32 << 20;
    public string SpillDirectory => _directory.File("spill");

    public Task ExecuteAsync(string sql) => cluster.ExecuteAsync(sql, name);

    public async Task<string> ScalarAsync(string sql) => (await cluster.ScalarAsync(sql, name))!;

    /// <summary>A position that is resolved once everything committed so far has come.</summary>
    public async Task<ulong> MarkAsync()
    {
        await ScalarAsync("SELECT pg_logical_emit_message(true, 'cdc.mark', '')");
        return await LogEndAsync();
    }

    public async Task<ulong> LogEndAsync() => ulong.Parse(
        await ScalarAsync("SELECT (pg_current_wal_flush_lsn() - '0/0')::text"), CultureInfo.InvariantCulture);

    public LogStream Open() => new(Options(), Positions);

    public LogStreamOptions Options() => new()
    {
        Connect = stop => PgConnection.Connect(Endpoint(), new() { Replication = true }, stop),
        Slot = Slot,
        Publications = [Publication],
        Catalog = new IdIsTheKey(),
        Selection = TableSelection.Everything,
        SpillDirectory = SpillDirectory,
        Logger = NullLogger.Instance,
        OpenTransactionBytes = OpenTransactionBytes,
    };

    public StreamStart Start(CommitTs after = default, bool isAwaited = false) =>
        new(CommitTs.Zero, after, History, new Dictionary<TableId, CommitTs>()) { IsAwaited = isAwaited };

    /// <summary>Every change behind <paramref name="after"/>, up to what is committed now.</summary>
    public async Task<List<StreamLine>> ReadAsync(CommitTs after = default)
    {
        ulong end = await MarkAsync();
        List<StreamLine> lines = [];
        await using LogStream stream = Open();
        await foreach (SourceEvent @event in stream.ReadAsync(Start(after), TestContext.Current.CancellationToken))
        {
            lines.AddRange(Take(@event));
            if (@event is SourceEvent.Resolved resolved && resolved.At >= CommitTs.End(end)) break;
        }
        return lines;
    }

    /// <summary>What an event says; its batch is released.</summary>
    public static IEnumerable<StreamLine> Take(SourceEvent @event)
    {
        List<StreamLine> lines = [];
        if (@event is SourceEvent.Rows { Batch: var batch })
        {
            foreach (Row row in batch) lines.Add(new(row.Stamp.Ts, row.Sequence, Print(row, batch.Schema)));
            batch.Release();
        }
        else if (@event is SourceEvent.Block { Change: TruncateEvent truncate })
        {
            string tables = string.Join(',', truncate.Tables.Select(static table => table.Name.Name));
            lines.Add(new(truncate.Block.Id.At, 0, $"Truncate {tables}"));
        }
        return lines;
    }

    public async ValueTask DisposeAsync()
    {
        // A server that failed the stream may still be about to leave the slot.
        await cluster.ExecuteAsync(
            $"SELECT pg_terminate_backend(active_pid, 30000) FROM pg_replication_slots WHERE slot_name = '{Slot}'");
        await cluster.ExecuteAsync(
            $"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{Slot}'");
        _directory.Dispose();
    }

    PgEndpoint Endpoint() => new()
    {
        Host = "127.0.0.1",
        Port = cluster.Port,
        Database = name,
        User = PostgresCluster.Superuser,
        SslMode = SslMode.Disable,
    };

    static string Print(Row row, TableSchema schema)
    {
        string old = row.OldImage == OldImage.None ? "" : $" {row.OldImage}{Print(row.Old)}";
        string flags = row.Flags == RowFlags.None ? "" : $" {row.Flags}";
        return $"{row.Op} {schema.Name.Name}{old}{Print(row.New)}{flags}";
    }

    static string Print(Cdc.Engine.Rows.Tuple tuple)
    {
        List<string> cells = [];
        foreach (Cell cell in tuple)
        {
            string text = cell.Bytes.Length > 40 ? $"{cell.Bytes.Length} bytes" : Encoding.UTF8.GetString(cell.Bytes);
            cells.Add(cell.IsNull ? "null" : cell.IsUnchanged ? "same" : text);
        }
        return cells.Count == 0 ? "" : $" [{string.Join('|', cells)}]";
    }

    sealed class IdIsTheKey : ITableCatalog
    {
        public ColumnType Resolve(uint typeOid, int typmod) => new(TypeKind.Other, $"{typeOid}", typeOid, typmod);

        public ImmutableArray<string> Key(uint tableOid) => ["id"];
    }
}

/// <summary>One row or TRUNCATE of the stream.</summary>
sealed record StreamLine(CommitTs At, uint Sequence, string Text);
