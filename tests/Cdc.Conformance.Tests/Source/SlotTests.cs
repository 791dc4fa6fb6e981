using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Cdc.Protocol;

namespace Cdc.Conformance.Tests.Source;

/// <summary>The slot: who has it, how far it is, what stays of it.</summary>
public sealed class SlotTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Facts_tell_the_slot_apart_in_all_its_states()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await using PostgresSource source = fixture.Source(database, "states", slotWait: TimeSpan.Zero);
        Assert.Equal(PositionState.Absent, (await source.InspectAsync(Cancellation)).Position.State);

        SchemaHistory history = new([]);
        ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation);
        await snapshot.DisposeAsync();
        SourceFacts held = await source.InspectAsync(Cancellation);
        Assert.Equal((PositionState.Held, snapshot.At), (held.Position.State, held.Position.Confirmed));
        Assert.True(held.LogEnd >= snapshot.At);
        Assert.Equal(1u, held.Identity.Timeline);
        Assert.Equal(database, held.Identity.Database);
        Assert.NotEmpty(source.LeftBehind);

        StreamStart start = new(snapshot.At, snapshot.At, history, new Dictionary<TableId, CommitTs>());
        await using IAsyncEnumerator<SourceEvent> reading = source.StreamAsync(start, Cancellation).GetAsyncEnumerator(Cancellation);
        await fixture.Cluster.ExecuteAsync("INSERT INTO a VALUES (1)", database);
        Assert.True(await reading.MoveNextAsync());
        HeldPosition busy = (await source.InspectAsync(Cancellation)).Position;
        Assert.Equal(PositionState.Busy, busy.State);

        await using PostgresSource second = fixture.Source(database, "states", slotWait: TimeSpan.FromMilliseconds(1));
        CdcException refused = await Assert.ThrowsAsync<CdcException>(
            () => ReadRows.StreamToNowAsync(second, history, snapshot.At));
        Assert.Equal(FailureKind.PositionBusy, refused.Kind);
        Assert.Contains(busy.Statement!, refused.Fix!, StringComparison.Ordinal);

        await using PostgresCleanup cleanup = new(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), TimeProvider.System);
        refused = await Assert.ThrowsAsync<CdcException>(() => cleanup.RunAsync("states", force: false, Cancellation));
        Assert.Equal(FailureKind.PositionBusy, refused.Kind);
        await cleanup.RunAsync("states", force: true, Cancellation);
        Assert.Equal(PositionState.Absent, (await source.InspectAsync(Cancellation)).Position.State);
    }

    [Fact]
    public async Task Settling_moves_the_slot_to_what_was_confirmed()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await using PostgresSource source = fixture.Source(database, "settled");
        SchemaHistory history = new([]);
        ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation);
        await snapshot.DisposeAsync();
        await fixture.Cluster.ExecuteAsync("INSERT INTO a VALUES (1)", database);
        CommitTs mark = (await source.MarkAsync(Cancellation))!.Value;
        CommitTs last = default;
        StreamStart start = new(snapshot.At, snapshot.At, history, new Dictionary<TableId, CommitTs>());
        await foreach (SourceEvent @event in source.StreamAsync(start, Cancellation))
        {
            if (@event is SourceEvent.Rows rows) rows.Batch.Release();
            if (@event is SourceEvent.Resolved resolved && (last = resolved.At) >= mark) break;
        }
        source.Confirm(last);
        await source.SettleAsync(Cancellation);
        HeldPosition held = (await source.InspectAsync(Cancellation)).Position;
        Assert.Equal((PositionState.Held, last), (held.State, held.Confirmed));
    }

    [Fact]
    public async Task A_temporary_slot_streams_on_its_own_connection_and_leaves_nothing()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)");
        await using PostgresSource source = fixture.Source(database, "passing", temporary: true);
        SchemaHistory history = new([]);
        CommitTs at;
        await using (ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation))
        {
            Assert.Single(await ReadRows.OfAsync(snapshot, "a"));
            at = snapshot.At;
        }
        await fixture.Cluster.ExecuteAsync("INSERT INTO a VALUES (2)", database);
        Assert.Equal(["2"], (await ReadRows.StreamToNowAsync(source, history, at)).Select(r => r.Cells[0]));
        await source.SettleAsync(Cancellation);
        Assert.Empty(source.LeftBehind);
        await using PostgresCleanup cleanup = new(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), TimeProvider.System);
        Assert.Empty((await cleanup.PlanAsync("passing", Cancellation)).Statements);
    }

    [Fact]
    public async Task An_idle_source_is_marked_so_that_its_position_moves_on()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await using PostgresSource source = fixture.Source(database, "beats", heartbeat: TimeSpan.FromMilliseconds(50));
        SchemaHistory history = new([]);
        ISourceSnapshot snapshot = await source.StartAsync(history, Cancellation);
        await snapshot.DisposeAsync();
        StreamStart start = new(snapshot.At, snapshot.At, history, new Dictionary<TableId, CommitTs>());
        CommitTs first = default;
        await foreach (SourceEvent @event in source.StreamAsync(start, Cancellation))
        {
            CommitTs at = Assert.IsType<SourceEvent.Resolved>(@event).At;
            if (first == default) first = at;
            else if (at > first) break;
        }
    }
}
