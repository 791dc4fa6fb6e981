using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Sinks;
using Cdc.Postgres.Target;
using Cdc.Protocol;
using Cdc.Sinks.Tests;
using Npgsql;
using static Cdc.Conformance.Tests.Target.TargetCase;

namespace Cdc.Conformance.Tests.Target;

/// <summary>A DDL and its record are one: both once, or neither.</summary>
public sealed class TargetDdlTests(TargetServer server) : IClassFixture<TargetServer>
{
    [Fact]
    public async Task A_truncate_is_done_once()
    {
        TargetCase test = await NewAsync(server);
        await using PostgresSink first = test.Open();
        await first.ClaimAsync(Claim(1), Never);
        Assert.Equal(BlockOutcome.Written, await first.ExecuteAsync(Feed.Truncate(20), Never));
        await test.WriteAsync(first, 30);
        await first.FlushAsync(Never);
        await using PostgresSink second = test.Open();
        await second.ClaimAsync(Claim(2), Never);
        Assert.Equal(BlockOutcome.AlreadyRecorded, await second.ExecuteAsync(Feed.Truncate(20), Never));
        Assert.Equal("1", await test.CountAsync());
    }

    [Fact]
    public async Task DDL_of_an_overtaken_owner_never_happens()
    {
        TargetCase test = await NewAsync(server);
        await using PostgresSink first = test.Open();
        await first.ClaimAsync(Claim(1), Never);
        await using PostgresSink second = test.Open();
        await second.ClaimAsync(Claim(2), Never);
        CdcException fenced = await Assert.ThrowsAsync<CdcException>(
            async () => await first.ExecuteAsync(DropItems(20), Never));
        Assert.Equal(FailureKind.SinkFenced, fenced.Kind);
        Assert.Equal("0", await test.ScalarAsync("SELECT count(*) FROM items"));
        Assert.Equal(BlockOutcome.Written, await second.ExecuteAsync(DropItems(20), Never));
    }

    [Fact]
    public async Task DDL_that_the_target_refuses_leaves_no_record_and_is_done_when_it_can_be()
    {
        TargetCase test = await NewAsync(server);
        await test.ExecuteAsync("CREATE VIEW mine AS SELECT * FROM items");
        await using (PostgresSink first = test.Open())
        {
            await first.ClaimAsync(Claim(1), Never);
            await test.WriteAsync(first, 10);
            await first.FlushAsync(Never);
            CdcException refused = await Assert.ThrowsAsync<CdcException>(
                async () => await first.ExecuteAsync(DropItems(20), Never));
            Assert.Equal(FailureKind.TableStopped, refused.Kind);
            Assert.Contains("(2BP01)", refused.Message, StringComparison.Ordinal);
            Assert.StartsWith(
                "Something that only the target has depends on it.", refused.Fix, StringComparison.Ordinal);
        }
        await test.ExecuteAsync("DROP VIEW mine");
        await using PostgresSink second = test.Open();
        SinkProgress? progress = await second.ClaimAsync(Claim(2), Never);
        Assert.Equal(Feed.At(10), progress!.Position);
        Assert.Equal(BlockOutcome.Written, await second.ExecuteAsync(DropItems(20), Never));
        Assert.Equal(BlockOutcome.AlreadyRecorded, await second.ExecuteAsync(DropItems(20), Never));
        Assert.Null(await test.ScalarAsync("SELECT to_regclass('items')"));
    }

    [Fact]
    public async Task DDL_that_we_refuse_leaves_no_record()
    {
        TargetCase test = await NewAsync(server);
        await using (PostgresSink first = test.Open())
        {
            await first.ClaimAsync(Claim(1), Never);
            // Of such a table nobody knows how it is made.
            DdlEvent unknown = Ddl(20, new SchemaChange.TableAltered(Feed.Items, Feed.Items, TableRewrite.None));
            CdcException refused = await Assert.ThrowsAsync<CdcException>(
                async () => await first.ExecuteAsync(unknown, Never));
            Assert.Equal(FailureKind.SinkUnfit, refused.Kind);
        }
        await using PostgresSink second = test.Open();
        await second.ClaimAsync(Claim(2), Never);
        Assert.Equal(BlockOutcome.Written, await second.ExecuteAsync(DropItems(20), Never));
    }

    [Fact]
    public async Task DDL_whose_connection_is_lost_while_it_waits_is_done_on_another()
    {
        TargetCase test = await NewAsync(server);
        await using NpgsqlConnection user = await test.ConnectAsync();
        await using NpgsqlTransaction reading = await user.BeginTransactionAsync(Never);
        await using (NpgsqlCommand look = new("SELECT count(*) FROM items", user, reading))
            await look.ExecuteScalarAsync(Never);
        await using PostgresSink sink = test.Open();
        await sink.ClaimAsync(Claim(1), Never);
        Task<BlockOutcome> dropping = sink.ExecuteAsync(DropItems(20), Never).AsTask();
        string? ended;
        do
        {
            ended = await test.EndSessionsAsync("AND wait_event_type = 'Lock'");
        }
        while (ended == "0" && !dropping.IsCompleted);
        await reading.RollbackAsync(Never);
        Assert.Equal(BlockOutcome.Written, await dropping);
        Assert.Null(await test.ScalarAsync("SELECT to_regclass('items')"));
    }

    static DdlEvent DropItems(ulong commit) => Ddl(commit, new SchemaChange.TableDropped(Feed.Items));

    static DdlEvent Ddl(ulong commit, SchemaChange change)
    {
        CommitTs at = new(commit, 1);
        return new(
            new(new(at, false), new Influence.All()), Feed.Stamp(commit) with { Ts = at }, "DROP TABLE", [change]);
    }
}
