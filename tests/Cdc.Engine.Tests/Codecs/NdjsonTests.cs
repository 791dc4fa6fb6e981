using System.Text;
using Cdc.Engine.Codecs.Ndjson;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Testing.Readers;
using static Cdc.Engine.Tests.Codecs.RowMaker;

namespace Cdc.Engine.Tests.Codecs;

public sealed class NdjsonTests
{
    [Fact]
    public void Every_operation_is_written_as_documented() =>
        GoldenFile.Verify("operations.ndjson", EveryOperation.Write(new NdjsonEncoder()).Bytes);

    [Fact]
    public void Truncates_are_written_as_documented() =>
        GoldenFile.Verify("truncate.ndjson", EveryOperation.WriteTruncate(new NdjsonEncoder()).Bytes);

    [Fact]
    public void Schema_changes_are_written_as_documented() =>
        GoldenFile.Verify("ddl.ndjson", EverySchemaChange.Write(new NdjsonEncoder()).Bytes);

    [Fact]
    public void Every_type_is_written_as_documented()
    {
        RowMaker maker = new(new NdjsonEncoder());
        foreach ((ColumnType type, string[] values) in Samples.Types)
        {
            TableSchema table = Samples.TableOf(type);
            maker.Transaction([.. values.Select(value => Insert(table, value)), Insert(table, [null])]);
        }
        GoldenFile.Verify("types.ndjson", maker.Bytes);
    }

    [Fact]
    public void A_reader_rebuilds_the_tables_from_the_lines()
    {
        NdjsonReader reader = new();
        RowMaker maker = EveryOperation.Write(new NdjsonEncoder());
        foreach (string line in Split(maker)) reader.ReadLine(line);

        Assert.Empty(reader.Rebuilt.Problems);
        Dictionary<string, Dictionary<string, string>> orders = reader.Rebuilt.Table("public.orders");
        Assert.Equal(["10", "2", "50"], orders.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("\"first again\"", orders["10"]["body"]); // Unchanged twice, once through a change of the key.
        Assert.Equal("\"second\"", orders["2"]["body"]);
        Assert.Equal("3,1", Assert.Single(reader.Rebuilt.Table("shop.line \"items\"")).Key);
        Assert.Equal(3, reader.Rebuilt.Table("public.log").Count);
        Assert.Equal([("app.order-paid", "{\"id\":17}"), ("app.binary", "00ff")], reader.Messages);
        Assert.Equal("00000000016B3B48.FFFF.FFFFFFFF", reader.Checkpoint);
    }

    [Fact]
    public void A_truncate_empties_its_tables_and_no_other()
    {
        NdjsonReader reader = new();
        foreach (string line in Split(EveryOperation.WriteTruncate(new NdjsonEncoder()))) reader.ReadLine(line);

        Assert.Empty(reader.Rebuilt.Problems);
        Assert.Equal("\"again\"", reader.Rebuilt.Table("public.orders")["1"]["body"]);
        Assert.Empty(reader.Rebuilt.Table("public.log"));
        Assert.Single(reader.Rebuilt.Table("shop.line \"items\""));
    }

    [Fact]
    public void The_reader_finds_a_line_written_twice_and_lines_that_changed_places()
    {
        string[] lines = Split(EveryOperation.Write(new NdjsonEncoder()));
        NdjsonReader doubled = new();
        foreach (string line in (string[])[.. lines, lines[3]]) doubled.ReadLine(line);
        NdjsonReader swapped = new();
        (lines[2], lines[3]) = (lines[3], lines[2]);
        foreach (string line in lines) swapped.ReadLine(line);

        Assert.Contains(doubled.Rebuilt.Problems, static p => p.EndsWith("is doubled", StringComparison.Ordinal));
        Assert.Contains(swapped.Rebuilt.Problems, static p => p.Contains("out of order", StringComparison.Ordinal));
    }

    [Fact]
    public void Positions_sort_as_text_in_the_order_of_the_lines()
    {
        string[] positions = [.. Split(EveryOperation.Write(new NdjsonEncoder())).Select(static line => line.Substring(8, 30))];
        // The snapshot stands behind everything that it contains, so its lines come first.
        Assert.Equal(positions.Order(StringComparer.Ordinal), positions);
        Assert.Equal(positions.Length, positions.Distinct().Count());
    }

    [Fact]
    public void The_number_of_lines_is_returned()
    {
        RowMaker maker = EveryOperation.Write(new NdjsonEncoder());
        Assert.Equal(Split(maker).Length, maker.Lines);
    }

    [Fact]
    public void Encoding_a_batch_of_ordinary_rows_allocates_nothing()
    {
        NdjsonEncoder encoder = new();
        RowWriter writer = new(new RowBlockPool());
        writer.Begin(new(new(5, 0), Noon, 1));
        for (int i = 0; i < 1000; i++)
        {
            writer.StartRow(Samples.Orders, Op.Insert);
            writer.StartNewImage();
            writer.Value("17"u8);
            writer.Value("text \"quoted\""u8);
            writer.Value("1.00"u8);
            writer.EndRow();
        }
        writer.Close();
        writer.Seal();
        RowBatch batch = Assert.Single(writer.Completed);
        System.Buffers.ArrayBufferWriter<byte> output = new(1 << 20);
        encoder.Encode(batch, output);
        output.ResetWrittenCount();

        long before = GC.GetAllocatedBytesForCurrentThread();
        encoder.Encode(batch, output);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_value_larger_than_any_piece_is_written_whole()
    {
        string large = new string('x', 3 << 20) + "\"\n" + new string('é', 1 << 20);
        RowMaker maker = new RowMaker(new NdjsonEncoder()).Transaction(Insert(Samples.Orders, "1", large, "1"));
        using System.Text.Json.JsonDocument line = System.Text.Json.JsonDocument.Parse(maker.Text);
        Assert.Equal(large, line.RootElement.GetProperty("after").GetProperty("body").GetString());
    }

    static string[] Split(RowMaker maker) =>
        Encoding.UTF8.GetString(maker.Bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
