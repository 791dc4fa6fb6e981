using System.Globalization;
using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;
using Cdc.Testing;

namespace Cdc.Conformance.Tests.Wire;

public sealed class ReplicationTests : IAsyncLifetime
{
    static readonly PgConnectOptions Walsender = new() { Replication = true };

    PostgresCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await PostgresCluster.StartAsync(new() { Tls = true });
        await _cluster.ExecuteAsync(
            "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE PUBLICATION p FOR TABLE t");
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData(SslMode.Disable)]
    [InlineData(SslMode.Require)]
    internal async Task Every_row_of_a_transaction_comes_through_the_stream(SslMode mode)
    {
        using PgConnection connection = Connect(mode);
        CreateSlot(connection);
        await _cluster.ExecuteAsync("INSERT INTO t SELECT i, repeat('v', i % 100) FROM generate_series(1, 50000) i");
        PgCopyBoth stream = Start(connection);
        stream.Backlog = true;
        (int rows, ulong end) = ReadTransaction(stream);
        Assert.Equal(50000, rows);
        // 50,000 packets, gathered.
        Assert.InRange(connection.Transport.Socket.Reads, 1, 5000);

        stream.SendStatus(end, end, end);
        Assert.True(stream.TryComplete(TimeSpan.FromSeconds(30)));
        string confirmed = connection.Query("SELECT confirmed_flush_lsn AS lsn FROM pg_replication_slots")["lsn"]!;
        Assert.Equal(Lsn(end), confirmed);
    }

    [Fact]
    public async Task The_tail_times_out_and_goes_on()
    {
        using PgConnection connection = Connect(SslMode.Require);
        CreateSlot(connection);
        PgCopyBoth stream = Start(connection);
        stream.ReadTimeout = TimeSpan.FromMilliseconds(10);
        for (int i = 1; i <= 20; i++)
        {
            while (stream.Read(out _) != PgRead.TimedOut)
            {
            }
            await _cluster.ExecuteAsync($"INSERT INTO t VALUES ({i})");
            (int rows, _) = ReadTransaction(stream);
            Assert.Equal(1, rows);
        }
    }

    [Fact]
    public void A_keepalive_answers_a_status_that_asks()
    {
        using PgConnection connection = Connect(SslMode.Disable);
        CreateSlot(connection);
        PgCopyBoth stream = Start(connection);
        stream.SendStatus(0, 0, 0, replyRequested: true);
        PgReplicationMessage message;
        do
        {
            Assert.Equal(PgRead.Data, stream.Read(out message));
        }
        while (message.IsData);
        Assert.NotEqual(0UL, message.WalEnd);
        var sent = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMicroseconds(message.SentAt);
        Assert.InRange(sent, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    [Fact]
    public async Task A_status_sent_while_another_thread_waits_in_a_read_arrives()
    {
        using PgConnection connection = Connect(SslMode.Require);
        CreateSlot(connection);
        await _cluster.ExecuteAsync("INSERT INTO t VALUES (1)");
        PgCopyBoth stream = Start(connection);
        (_, ulong end) = ReadTransaction(stream);
        Task reading = Task.Run(() =>
        {
            while (stream.Read(out _) == PgRead.Data)
            {
            }
        }, TestContext.Current.CancellationToken);
        stream.SendStatus(end, end, end);
        while (await _cluster.ScalarAsync("SELECT confirmed_flush_lsn FROM pg_replication_slots") != Lsn(end))
            Assert.False(reading.IsCompleted);
        connection.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => 
            reading.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_slot_in_use_is_busy_and_a_missing_one_is_lost()
    {
        using PgConnection first = Connect(SslMode.Disable);
        CreateSlot(first);
        PgCopyBoth stream = Start(first);
        using PgConnection second = Connect(SslMode.Disable);
        var busy = Assert.Throws<CdcException>(() => Start(second));
        Assert.Equal(FailureKind.PositionBusy, busy.Kind);
        Assert.True(stream.TryComplete(TimeSpan.FromSeconds(30)));
        Start(second);

        var lost = Assert.Throws<CdcException>(() => Start(first, slot: "other"));
        Assert.Equal(FailureKind.PositionLost, lost.Kind);
        Assert.Equal("1", first.Query("SELECT 1 AS one")["one"]);
    }

    [Fact]
    public async Task A_missing_publication_is_said_as_an_error_or_from_18_on_as_a_warning()
    {
        using PgConnection connection = Connect(SslMode.Disable);
        CreateSlot(connection);
        await _cluster.ExecuteAsync("INSERT INTO t VALUES (1)");
        PgCopyBoth stream = Start(connection, publication: "nowhere");
        bool warns = connection.ServerVersion >= 18_0000;
        PgServerError? warning = null;
        connection.Noticed = notice => throw PgFailures.FromStream(warning = notice, connection.Endpoint);
        var failed = Assert.Throws<CdcException>(() => ReadTransaction(stream));
        Assert.Equal(warns, warning is not null);
        Assert.Equal(warns ? "55000" : "42704", PgServerError.Of(failed)?.SqlState);
        Assert.Equal(warns ? FailureKind.PositionLost : FailureKind.SourceUnfit, failed.Kind);
    }

    [Fact]
    public async Task A_cut_connection_is_unreachable()
    {
        using PgConnection connection = Connect(SslMode.Disable);
        CreateSlot(connection);
        PgCopyBoth stream = Start(connection);
        await _cluster.ExecuteAsync("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots");
        var failed = Assert.Throws<CdcException>(() => ReadTransaction(stream));
        Assert.Equal(FailureKind.SourceUnreachable, failed.Kind);
    }

    [Fact]
    public async Task A_killed_server_is_unreachable_and_streams_again_after_its_restart()
    {
        using PgConnection connection = Connect(SslMode.Disable);
        CreateSlot(connection);
        PgCopyBoth stream = Start(connection);
        await _cluster.ExecuteAsync("INSERT INTO t VALUES (1)");
        Assert.Equal(1, ReadTransaction(stream).Rows);
        await _cluster.KillAsync();
        Assert.Equal(FailureKind.SourceUnreachable, Assert.Throws<CdcException>(() => ReadTransaction(stream)).Kind);
        Assert.Equal(
            FailureKind.SourceUnreachable, Assert.Throws<CdcException>(() => Connect(SslMode.Disable)).Kind);

        await _cluster.StartAgainAsync();
        using PgConnection again = Connect(SslMode.Disable);
        Assert.Equal(1, ReadTransaction(Start(again)).Rows);
    }

    [Fact]
    public async Task A_server_that_shuts_down_ends_the_stream()
    {
        using PgConnection connection = Connect(SslMode.Disable);
        CreateSlot(connection);
        PgCopyBoth stream = Start(connection);
        Task stopping = _cluster.StopAsync();
        while (stream.Read(out PgReplicationMessage message) == PgRead.Data)
        {
            // It waits until we have confirmed all that it sent.
            if (message.ReplyRequested) stream.SendStatus(message.WalEnd, message.WalEnd, message.WalEnd);
        }
        Assert.Equal(PgRead.Ended, stream.Read(out _));
        await stopping;
    }

    static (int Rows, ulong End) ReadTransaction(PgCopyBoth stream)
    {
        int rows = 0;
        while (true)
        {
            PgRead read = stream.Read(out PgReplicationMessage message);
            if (read == PgRead.TimedOut || (read == PgRead.Data && !message.IsData)) continue;
            Assert.Equal(PgRead.Data, read);
            if (message.Data[0] == (byte)'I') rows++;
            if (message.Data[0] != (byte)'C') continue;
            // Commit: flags, commit LSN, end LSN, time.
            return (rows, System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(message.Data[10..]));
        }
    }

    static string Lsn(ulong value) => string.Create(CultureInfo.InvariantCulture, $"{value >> 32:X}/{(uint)value:X}");

    static void CreateSlot(PgConnection connection)
    {
        Assert.Equal("postgres", connection.Query("IDENTIFY_SYSTEM")["dbname"]);
        PgRows slot = connection.Query("CREATE_REPLICATION_SLOT s LOGICAL pgoutput (SNAPSHOT 'export')");
        Assert.NotEmpty(slot["snapshot_name"]!);
    }

    static PgCopyBoth Start(PgConnection connection, string slot = "s", string publication = "p") =>
        connection.StartReplication(
            $"START_REPLICATION SLOT {slot} LOGICAL 0/0 (proto_version '1', publication_names '{publication}')");

    PgConnection Connect(SslMode mode) => PgConnection.Connect(new()
    {
        Host = "127.0.0.1",
        Port = _cluster.Port,
        Database = "postgres",
        User = PostgresCluster.Superuser,
        SslMode = mode,
    }, Walsender);
}
