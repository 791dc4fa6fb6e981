using System.Text;
using Cdc.Engine.Codecs.Debezium;
using Cdc.Engine.Schemas;
using Cdc.Testing.Readers;
using static Cdc.Engine.Tests.Codecs.RowMaker;

namespace Cdc.Engine.Tests.Codecs;

public sealed class DebeziumTests
{
    static readonly Dictionary<string, string[]> Keys = new()
    {
        ["public.orders"] = ["id"],
        ["shop.line \"items\""] = ["order", "line"],
    };

    [Fact]
    public void Every_operation_is_written_as_documented() =>
        GoldenFile.Verify("operations.debezium.ndjson", EveryOperation.Write(Encoder()).Bytes);

    [Fact]
    public void Truncates_are_written_as_documented() =>
        GoldenFile.Verify("truncate.debezium.ndjson", EveryOperation.WriteTruncate(Encoder()).Bytes);

    [Fact]
    public void Schema_changes_are_written_as_documented() =>
        GoldenFile.Verify("ddl.debezium.ndjson", EverySchemaChange.Write(new DebeziumEncoder("shop", "shopdb")).Bytes);

    [Fact]
    public void Every_type_is_written_as_documented()
    {
        RowMaker maker = new(Encoder());
        foreach ((ColumnType type, string[] values) in Samples.Types)
        {
            TableSchema table = Samples.TableOf(type);
            maker.Transaction([.. values.Select(value => Insert(table, value)), Insert(table, [null]), Update(table, Unchanged)]);
        }
        GoldenFile.Verify("types.debezium.ndjson", maker.Bytes);
    }

    [Fact]
    public void A_consumer_rebuilds_the_tables_from_the_values()
    {
        DebeziumReader reader = new(Keys);
        foreach (string line in Split(EveryOperation.Write(Encoder()))) reader.ReadLine(line);

        Assert.Empty(reader.Rebuilt.Problems);
        Dictionary<string, Dictionary<string, string>> orders = reader.Rebuilt.Table("public.orders");
        Assert.Equal(["10", "2", "50"], orders.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("\"first again\"", orders["10"]["body"]);
        Assert.Equal("1,3", Assert.Single(reader.Rebuilt.Table("shop.line \"items\"")).Key);
        Assert.Equal(3, reader.Rebuilt.Table("public.log").Count);
        Assert.Equal("{\"id\":17}", Encoding.UTF8.GetString(reader.Messages[0].Content));
        Assert.Equal([0, 255], reader.Messages[1].Content);
    }

    [Fact]
    public void A_truncate_empties_its_tables_and_no_other()
    {
        DebeziumReader reader = new(Keys);
        foreach (string line in Split(EveryOperation.WriteTruncate(Encoder()))) reader.ReadLine(line);

        Assert.Empty(reader.Rebuilt.Problems);
        Assert.Equal("\"again\"", reader.Rebuilt.Table("public.orders")["1"]["body"]);
        Assert.Empty(reader.Rebuilt.Table("public.log"));
    }

    [Fact]
    public void The_consumer_finds_a_value_written_twice()
    {
        string[] lines = Split(EveryOperation.Write(Encoder()));
        DebeziumReader reader = new(Keys);
        foreach (string line in (string[])[.. lines, lines[3]]) reader.ReadLine(line);
        Assert.Contains(reader.Rebuilt.Problems, static p => p.EndsWith("is doubled", StringComparison.Ordinal));
    }

    [Fact]
    public void There_is_no_checkpoint_line() => Assert.Equal(0, new RowMaker(Encoder()).Checkpoint().Lines);

    static DebeziumEncoder Encoder() => new("shop", "shopdb");

    static string[] Split(RowMaker maker) => maker.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
