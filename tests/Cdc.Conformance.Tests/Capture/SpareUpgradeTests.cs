using System.Collections.Concurrent;
using Cdc.Conformance.Tests.Source;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Protocol;
using Npgsql;

namespace Cdc.Conformance.Tests.Capture;

/// <summary>A changefeed that has no spare publications comes to them while it runs: the server would end a stream that
/// names one at a change from before it was made.</summary>
public sealed class SpareUpgradeTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    const string Made = "SELECT count(*) FROM pg_publication WHERE pubname LIKE '%#%'";
    const string Open = Made + " AND pubinsert";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Spares_are_made_closed_and_opened_when_no_older_transaction_is_left_and_no_row_is_missing_or_doubled()
    {
        await using CaptureCase @case = await CaptureCase.StartAsync(fixture, "CREATE TABLE old (id int PRIMARY KEY)");
        await @case.AdminAsync("""
            DO $$ DECLARE p name; BEGIN FOR p IN SELECT pubname FROM pg_publication WHERE pubname LIKE '%#%' LOOP
                EXECUTE format('DROP PUBLICATION %I', p); END LOOP; END $$
            """);
        await using NpgsqlConnection older = await @case.OpenAsync();
        await CaptureCase.ExecuteAsync(older, "BEGIN; INSERT INTO old VALUES (1)");
        await @case.RunAsync("INSERT INTO old VALUES (2)");

        ConcurrentQueue<string> rows = new();
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using PostgresSource source = fixture.Source(
            @case.Database, @case.Name, capture: DdlCaptureMode.Trigger, heartbeat: TimeSpan.FromMilliseconds(200));
        Task reading = ReadAsync(source, @case, rows, end.Token);
        await @case.UntilAsync(Made, "16", reading);
        await CaptureCase.ExecuteAsync(older, "INSERT INTO old VALUES (3)");
        await @case.RunAsync("INSERT INTO old VALUES (4)");
        // The server says only now and then how far it is; a checkpoint makes it say so.
        for (int i = 0; i < 3; i++) await @case.AdminAsync("CHECKPOINT");
        Assert.Equal(["0"], await @case.QueryAsync(Open));
        await using (Migrations open = await Migrations.OpenAsync(@case, 1, static _ => ["CREATE TABLE alone (id int PRIMARY KEY)"]))
            await open.CommitAsync();
        await CaptureCase.ExecuteAsync(older, "COMMIT");

        int last = 5;
        while ((await @case.QueryAsync(Open))[0] != "16")
        {
            await @case.RunAsync($"INSERT INTO old VALUES ({++last})");
            await @case.AdminAsync("CHECKPOINT");
            Assert.False(reading.IsCompleted, $"{reading.Exception}");
        }
        await using (Migrations open = await Migrations.OpenAsync(
            @case, 3, static i => [$"CREATE TABLE m{i} (id int PRIMARY KEY)", $"INSERT INTO m{i} VALUES (1)"]))
            await open.CommitAsync();
        Assert.Equal(["m1", "m2"], await @case.ListedAsync("%#%"));
        await @case.RunAsync("INSERT INTO m2 VALUES (2)", "INSERT INTO old VALUES (5)");
        while (!rows.Contains("old 5"))
        {
            Assert.False(reading.IsCompleted, $"{reading.Exception}");
            await Task.Yield();
        }
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.Equal(["m0 1", "m1 1", "m2 1", "m2 2"], rows.Where(static row => row[0] == 'm').Order());
        Assert.Equal(
            Enumerable.Range(1, last).Select(static i => $"old {i}").Order(), rows.Where(static row => row[0] == 'o').Order());
    }

    static async Task ReadAsync(PostgresSource source, CaptureCase @case, ConcurrentQueue<string> rows, CancellationToken end)
    {
        // The server keeps and sends again what came in the last few steps: only the source knows that it was handed on.
        Queue<CommitTs> resolved = new();
        StreamStart start = new(@case.From, @case.From, @case.History, new Dictionary<TableId, CommitTs>());
        await foreach (SourceEvent @event in source.StreamAsync(start, end))
        {
            if (@event is SourceEvent.Resolved { At: var at }) resolved.Enqueue(at);
            if (resolved.Count > 5) source.Confirm(resolved.Dequeue());
            if (@event is not SourceEvent.Rows { Batch: var batch }) continue;
            foreach (Row row in batch) rows.Enqueue($"{batch.Schema.Name.Name} {ReadRows.Cells(row.Keyed)[0]}");
            batch.Release();
        }
    }
}
