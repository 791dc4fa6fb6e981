using System.Buffers;
using System.Text;
using System.Text.Json;
using Cdc.Conformance.Tests.Source;
using Cdc.Engine.Codecs.Ndjson;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Protocol;

namespace Cdc.Conformance.Tests.Ddl;

/// <summary>A changefeed whose lines are kept: started on a database, then asked what the log brings.</summary>
sealed class DdlRun : IAsyncDisposable
{
    readonly SourceFixture _fixture;
    readonly string? _tables;
    readonly NdjsonEncoder _encoder = new();

    DdlRun(SourceFixture fixture, string database, string? tables) => (_fixture, Database, _tables) = (fixture, database, tables);

    public string Database { get; }
    public SchemaHistory History { get; } = new([]);
    public CommitTs At { get; private set; }

    public static async Task<DdlRun> StartAsync(SourceFixture fixture, string setUp, string? tables = null)
    {
        DdlRun run = new(fixture, await fixture.DatabaseAsync(setUp), tables);
        await using PostgresSource source = run.Source();
        await using ISourceSnapshot snapshot = await source.StartAsync(run.History, Cancellation);
        run.At = snapshot.At;
        return run;
    }

    public Task ExecuteAsync(string sql) => _fixture.Cluster.ExecuteAsync(sql, Database);

    /// <summary>The lines of everything behind <paramref name="after"/>, up to now.</summary>
    public async Task<List<string>> LinesAsync(CommitTs? after = null)
    {
        await using PostgresSource source = Source();
        CommitTs mark = (await source.MarkAsync(Cancellation))!.Value;
        ArrayBufferWriter<byte> output = new();
        StreamStart start = new(At, after ?? At, History, new Dictionary<TableId, CommitTs>());
        await foreach (SourceEvent @event in source.StreamAsync(start, Cancellation))
        {
            if (@event is SourceEvent.Rows { Batch: var batch })
            {
                _encoder.Encode(batch, output);
                batch.Release();
            }
            if (@event is SourceEvent.Block block) ((Cdc.Engine.Codecs.IRowEncoder)_encoder).Encode(block.Change, output);
            if (@event is SourceEvent.Resolved resolved && resolved.At >= mark) break;
        }
        return [.. Encoding.UTF8.GetString(output.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    /// <summary>What happened, in short: step, operation, table, and of a row its new image.</summary>
    public async Task<List<string>> StoryAsync() => [.. (await LinesAsync()).Select(Short)];

    /// <summary>The texts that came with schema changes; null where there was none.</summary>
    public static IEnumerable<string?> TextsOf(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (Text(document.RootElement, "op") == "ddl") yield return Text(document.RootElement, "sql");
        }
    }

    public static CommitTs PositionOf(string line) => CommitTs.Parse(line.Substring(8, CommitTs.TextLength));

    static string Short(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement change = document.RootElement;
        string op = Text(change, "op")!;
        string name = Text(change, "table") ?? Text(change, "type") ?? Text(change, "schema")!;
        return op == "ddl"
            ? $"{PositionOf(line).Step} {Text(change, "kind")} {name}"
            : $"{PositionOf(line).Step} {op} {name} {(op == "t" ? "" : change.GetProperty("after").GetRawText())}".TrimEnd();
    }

    static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    PostgresSource Source() => _fixture.Source(Database, tables: _tables, capture: DdlCaptureMode.Trigger);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        for (int attempt = 0; attempt < 50; attempt++)
        {
            IReadOnlyList<IReadOnlyList<string?>> busy = await _fixture.Cluster.QueryAsync(
                "SELECT 1 FROM pg_replication_slots WHERE database = current_database() AND active", Database);
            if (busy.Count == 0) break;
            await _fixture.Cluster.QueryAsync("SELECT pg_sleep(0.1)", Database);
        }
        await ExecuteAsync("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()");
    }
}
