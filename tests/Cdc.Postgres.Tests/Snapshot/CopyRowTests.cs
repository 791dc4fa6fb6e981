using System.Text;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Snapshot;
using Cdc.Protocol;
using FsCheck;
using FsCheck.Fluent;

namespace Cdc.Postgres.Tests.Snapshot;

public sealed class CopyRowTests
{
    static readonly TableSchema Schema = new() { Id = new(1), Name = new("s", "t"), Columns = [] };

    static byte[]?[] Read(ReadOnlySpan<byte> line, int columns)
    {
        RowWriter writer = new(new RowBlockPool());
        writer.Begin(default);
        writer.StartRow(Schema, Op.Snapshot);
        CopyRow.Write(line, columns, writer);
        writer.EndRow();
        List<byte[]?> cells = [];
        foreach (Cell cell in writer.LastRow.New) cells.Add(cell.IsNull ? null : cell.Bytes.ToArray());
        return [.. cells];
    }

    static string?[] Read(string line, int columns) =>
        [.. Read(Encoding.UTF8.GetBytes(line), columns).Select(c => c is null ? null : Encoding.UTF8.GetString(c))];

    [Theory]
    [InlineData("1\tb\n", "1|b")]
    [InlineData("\t\n", "|")]
    [InlineData("\\N\t\\\\N\n", "<null>|\\N")]
    [InlineData("a\\tb\t\\b\\f\\n\\r\\t\\v\n", "a\tb|\b\f\n\r\t\v")]
    [InlineData("\\\\\tx\\\\\n", "\\|x\\")]
    [InlineData("\\101\\60\t\\x41\\x4z\n", "A0|A\u0004z")]
    [InlineData("\\xg\t\\.\\q\n", "xg|.q")]
    [InlineData("ä\\tö\tü\n", "ä\tö|ü")]
    public void Fields_are_read_with_their_escapes(string line, string expected) =>
        Assert.Equal(expected, string.Join('|', Read(line, 2).Select(c => c ?? "<null>")));

    [Theory]
    [InlineData("a\tb", 2)]
    [InlineData("", 1)]
    [InlineData("a\n", 2)]
    [InlineData("a\tb\n", 1)]
    [InlineData("a\\tb\tc\td\n", 2)]
    [InlineData("a\\\n", 1)]
    [InlineData("x\n", 0)]
    public void A_line_that_does_not_fit_its_table_is_a_violation(string line, int columns) =>
        Assert.Equal(FailureKind.ProtocolViolation, Assert.Throws<CdcException>(() => Read(line, columns)).Kind);

    [Fact]
    public void Whatever_the_server_writes_is_read_back() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[][]>(), values =>
        {
            byte[]?[] cells = [.. values.Select(v => v is null ? null : v)];
            if (cells.Length == 0) return true;
            byte[]?[] read = Read(ServerLine(cells), cells.Length);
            return read.Zip(cells).All(pair => pair.First is null == pair.Second is null
                && (pair.First is null || pair.First.AsSpan().SequenceEqual(pair.Second)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Arbitrary_bytes_are_read_or_refused_and_nothing_else() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<byte>(), (line, columns) =>
        {
            try
            {
                return Read(line, columns).Length == columns;
            }
            catch (CdcException refused)
            {
                return refused.Kind == FailureKind.ProtocolViolation;
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Runs_of_numbers_never_meet_and_go_on_in_the_next_step()
    {
        SnapshotNumbers numbers = new(7);
        HashSet<(CommitTs, uint)> taken = [];
        Parallel.For(0, 70_000, _ =>
        {
            (CommitTs ts, uint first) = numbers.Take();
            lock (taken) Assert.True(taken.Add((ts, first)));
        });
        Assert.Contains((new CommitTs(7, CommitTs.FirstSnapshotStep), 0u), taken);
        Assert.Contains((new CommitTs(7, CommitTs.FirstSnapshotStep + 1), 0u), taken);
    }

    [Fact]
    public void Ranges_of_a_plan_meet_without_gap_and_the_last_is_open()
    {
        TableCopyPlan plan = new(Schema with { Columns = [new("a b", new(TypeKind.Int32, "int4"))] }, true, new(10, 1000), 300);
        Assert.Equal(3, plan.Parts);
        Assert.Equal("COPY (SELECT \"a b\" FROM ONLY \"s\".\"t\" WHERE ctid >= '(0,0)'::tid AND ctid < '(3,0)'::tid) TO STDOUT", plan.Copy(0));
        Assert.Equal("COPY (SELECT \"a b\" FROM ONLY \"s\".\"t\" WHERE ctid >= '(6,0)'::tid) TO STDOUT", plan.Copy(2));
        Assert.Equal(1, new TableCopyPlan(Schema, false, new(10, 1000), 300).Parts);
    }

    // What the server does: backslash, control characters, and nothing else.
    static byte[] ServerLine(byte[]?[] cells)
    {
        MemoryStream line = new();
        for (int i = 0; i < cells.Length; i++)
        {
            if (i > 0) line.WriteByte((byte)'\t');
            if (cells[i] is not { } cell)
            {
                line.Write("\\N"u8);
                continue;
            }
            foreach (byte b in cell)
            {
                int at = "\b\f\n\r\t\v\\".IndexOf((char)b);
                if (at < 0) line.WriteByte(b);
                else line.Write([(byte)'\\', (byte)"bfnrtv\\"[at]]);
            }
        }
        line.WriteByte((byte)'\n');
        return line.ToArray();
    }
}
