using System.Text;
using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;

namespace Cdc.Conformance.Tests.Wire;

public sealed class CopyOutTests(WireServer server) : IClassFixture<WireServer>
{
    [Theory]
    [InlineData(SslMode.Disable)]
    [InlineData(SslMode.Require)]
    internal void Rows_come_one_by_one_in_order_and_the_session_goes_on(SslMode mode)
    {
        using PgConnection connection = Connect(mode);
        for (int round = 0; round < 2; round++)
        {
            const string sql = "COPY (SELECT i, repeat('x', i % 3000) FROM generate_series(1, 20000) i) TO STDOUT";
            using PgCopyOut copy = connection.CopyOut(sql);
            int rows = 0;
            while (copy.Read(out ReadOnlySpan<byte> row) == PgRead.Data)
            {
                rows++;
                string expected = $"{rows}\t{new string('x', rows % 3000)}\n";
                Assert.True(row.SequenceEqual(Encoding.UTF8.GetBytes(expected)), $"row {rows}");
            }
            Assert.Equal(20000, rows);
            Assert.Equal(20000, copy.RowsSent);
            Assert.Equal(PgRead.Ended, copy.Read(out _));
        }
        Assert.Equal("1", connection.Query("SELECT 1 AS one")["one"]);
    }

    [Theory]
    [InlineData(SslMode.Disable)]
    [InlineData(SslMode.Require)]
    internal void A_row_larger_than_the_buffer_comes_whole(SslMode mode)
    {
        using PgConnection connection = Connect(mode);
        const int length = 60_000_000;
        using PgCopyOut copy = connection.CopyOut(
            $"COPY (SELECT repeat('y', {length}) UNION ALL SELECT 'z') TO STDOUT");
        Assert.Equal(PgRead.Data, copy.Read(out ReadOnlySpan<byte> row));
        Assert.Equal(length + 1, row.Length);
        Assert.Equal(-1, row[..length].IndexOfAnyExcept((byte)'y'));
        Assert.Equal(PgRead.Data, copy.Read(out row));
        Assert.Equal("z\n"u8, row);
        Assert.Equal(PgRead.Ended, copy.Read(out _));
    }

    [Fact]
    public void No_rows_are_no_rows()
    {
        using PgConnection connection = Connect(SslMode.Disable);
        using PgCopyOut copy = connection.CopyOut("COPY (SELECT 1 WHERE false) TO STDOUT");
        Assert.Equal(PgRead.Ended, copy.Read(out _));
        Assert.Equal(0, copy.RowsSent);
    }

    [Fact]
    public void A_copy_that_breaks_half_way_says_so()
    {
        using PgConnection connection = Connect(SslMode.Disable);
        using PgCopyOut copy = connection.CopyOut(
            "COPY (SELECT 1 / (5000 - i) FROM generate_series(1, 9000) i) TO STDOUT");
        var failed = Assert.Throws<CdcException>(() =>
        {
            while (copy.Read(out _) == PgRead.Data)
            {
            }
        });
        Assert.Equal("22012", PgServerError.Of(failed)?.SqlState);
        Assert.Equal("1", connection.Query("SELECT 1 AS one")["one"]);
    }

    [Fact]
    public void A_copy_of_nothing_that_exists_is_refused()
    {
        using PgConnection connection = Connect(SslMode.Disable);
        var failed = Assert.Throws<CdcException>(() => connection.CopyOut("COPY public.nowhere TO STDOUT"));
        Assert.Equal("42P01", PgServerError.Of(failed)?.SqlState);
        Assert.Equal("1", connection.Query("SELECT 1 AS one")["one"]);
    }

    [Theory]
    [InlineData(SslMode.Disable)]
    [InlineData(SslMode.Require)]
    internal void A_silent_server_lets_the_reader_look_around(SslMode mode)
    {
        using PgConnection connection = Connect(mode);
        // More than the server's send buffer and then nothing, so that the timeouts fall into the middle of a row.
        const string sql = "COPY (SELECT repeat('x', 20001) UNION ALL SELECT pg_sleep(0.3)::text) TO STDOUT";
        using PgCopyOut copy = connection.CopyOut(sql);
        copy.ReadTimeout = TimeSpan.FromMilliseconds(20);
        int timeouts = 0;
        PgRead read;
        ReadOnlySpan<byte> row;
        while ((read = copy.Read(out row)) == PgRead.TimedOut) timeouts++;
        Assert.Equal(PgRead.Data, read);
        Assert.Equal(20002, row.Length);
        Assert.True(timeouts > 1);
        Assert.Equal(PgRead.Data, copy.Read(out row));
        Assert.Equal("\n"u8, row);
        Assert.Equal(PgRead.Ended, copy.Read(out _));
    }

    PgConnection Connect(SslMode mode) => PgConnection.Connect(server.As("trusted") with { SslMode = mode }, new());
}
