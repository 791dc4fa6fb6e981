using System.Text;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Cdc.Protocol;
using Cdc.Testing;
using Microsoft.Extensions.Logging;
using Tuple = Cdc.Engine.Rows.Tuple;

namespace Cdc.Conformance.Tests.Source;

/// <summary>A server for the tests of one class, and sources on databases of it.</summary>
public sealed class SourceFixture : IAsyncLifetime
{
    int _databases;

    public PostgresCluster Cluster { get; private set; } = null!;

    public TemporaryDirectory Spill { get; } = new();

    public async ValueTask InitializeAsync() => Cluster = await PostgresCluster.StartAsync(new()
    {
        Settings = new Dictionary<string, string>
        {
            ["wal_level"] = "logical",
            ["max_replication_slots"] = "60",
            ["max_wal_senders"] = "60",
            ["fsync"] = "off",
        },
    });

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        Spill.Dispose();
    }

    public async Task<string> DatabaseAsync(string setUp)
    {
        string name = $"d{Interlocked.Increment(ref _databases)}";
        await Cluster.CreateDatabaseAsync(name);
        await Cluster.ExecuteAsync(setUp, name);
        return name;
    }

    internal PostgresSource Source(
        string database, string name = "t", string user = PostgresCluster.Superuser, string? tables = null,
        bool temporary = false, TestLog? log = null, TimeSpan heartbeat = default, TimeSpan? slotWait = null,
        DdlCaptureMode capture = DdlCaptureMode.Auto) => new(new()
    {
        Address = PostgresAddress.Parse(Cluster.UrlFor(database, user)),
        Name = name,
        Selection = tables is null
            ? TableSelection.Everything
            : new([.. tables.Split(' ').Select(TablePattern.Parse)], []),
        SpillDirectory = Spill.Path,
        TemporarySlot = temporary,
        DdlCapture = capture,
        SlotWait = slotWait ?? TimeSpan.FromSeconds(20),
        Heartbeat = heartbeat,
        SnapshotPartBytes = 64 << 10,
        Loggers = log ?? new TestLog(),
    });
}

/// <summary>Keeps the sentences that were logged.</summary>
internal sealed class TestLog : ILoggerFactory, ILogger
{
    readonly List<string> _lines = [];
    readonly Lock _gate = new();

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate) return [.. _lines];
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate) _lines.Add(formatter(state, exception));
    }

    public void Dispose()
    {
    }
}

/// <summary>Rows as texts, for comparing.</summary>
internal static class ReadRows
{
    /// <summary>A table's rows in the snapshot, each cell its text, null for NULL.</summary>
    public static async Task<List<string?[]>> OfAsync(ISourceSnapshot snapshot, string table)
    {
        SnapshotTable found = snapshot.Tables.Single(t => t.Schema.Name.Name == table);
        List<string?[]> rows = [];
        for (int part = 0; part < found.Parts; part++)
        {
            await foreach (RowBatch batch in snapshot.ReadAsync(found, part, TestContext.Current.CancellationToken))
                Take(batch, rows);
        }
        return rows;
    }

    public static void Take(RowBatch batch, List<string?[]> rows)
    {
        foreach (Row row in batch) rows.Add(Cells(row.Keyed));
        batch.Release();
    }

    public static string?[] Cells(Tuple tuple)
    {
        List<string?> cells = [];
        foreach (Cell cell in tuple)
        {
            cells.Add(cell.IsNull ? null : cell.IsUnchanged ? "<unchanged>" : Encoding.UTF8.GetString(cell.Bytes));
        }
        return [.. cells];
    }

    /// <summary>Everything the stream brings up to a mark made now.</summary>
    public static async Task<List<(string Table, Op Op, string?[] Cells)>> StreamToNowAsync(
        PostgresSource source, SchemaHistory history, CommitTs from)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        List<(string, Op, string?[])> rows = [];
        CommitTs mark = (await source.MarkAsync(cancellation))!.Value;
        StreamStart start = new(from, from, history, new Dictionary<TableId, CommitTs>());
        await foreach (SourceEvent @event in source.StreamAsync(start, cancellation))
        {
            if (@event is SourceEvent.Rows { Batch: var batch })
            {
                foreach (Row row in batch) rows.Add((batch.Schema.Name.Name, row.Op, Cells(row.Keyed)));
                batch.Release();
            }
            if (@event is SourceEvent.Resolved resolved && resolved.At >= mark) break;
        }
        return rows;
    }
}
