using System.Text;
using System.Text.Json;
using Cdc.Engine.Codecs;
using Cdc.Engine.Codecs.Debezium;
using Cdc.Engine.Codecs.Ndjson;
using Cdc.Engine.Schemas;
using FsCheck;
using FsCheck.Fluent;

namespace Cdc.Engine.Tests.Codecs;

/// <summary>Whatever bytes a cell holds, its line is one line of valid JSON.</summary>
public sealed class HostileCellTests
{
    static readonly ColumnType[] Types = [.. Samples.Types.Select(static t => t.Type)];

    static readonly byte[][] Fragments =
    [
        .. Samples.Types.SelectMany(static t => t.Values).Select(Encoding.UTF8.GetBytes),
        .. ((string[])["{", "}", "(", ")", "\"", "\\", ",", "NULL", "null", "[0:1]=", "-", "+00", " BC", ":", ".", "\n", "\0", "é"])
            .Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC3], [0xED, 0xA0, 0x80],
    ];

    static readonly Arbitrary<byte[]> Cells = Gen.Elements(Fragments)
        .ListOf()
        .SelectMany(parts => Gen.Choose(0, 255).Where(static _ => true)
            .ArrayOf()
            .Select(noise => (byte[])[.. parts.SelectMany(static p => p), .. noise.Take(parts.Count % 3).Select(static n => (byte)n)]))
        .ToArbitrary();

    [Fact]
    public void Ndjson_lines_stay_valid() => Check(new NdjsonEncoder());

    [Fact]
    public void Debezium_lines_stay_valid() => Check(new DebeziumEncoder("shop", "shopdb"));

    [Theory]
    [InlineData("{")]
    [InlineData("{\"")]
    [InlineData("{\"\\")]
    [InlineData("{{{{{{{{{{1}}}}}}}}}}")]
    [InlineData("{1,}")]
    [InlineData("{,1}")]
    [InlineData("{1}{2}")]
    [InlineData("[0:1]={1,2}")]
    public void Text_that_is_no_array_is_written_as_a_string(string text)
    {
        TableSchema table = Samples.TableOf(Samples.ArrayOf(new(TypeKind.Int32, "int4")));
        RowMaker maker = new RowMaker(new NdjsonEncoder()).Transaction(RowMaker.Insert(table, text));
        using JsonDocument line = JsonDocument.Parse(maker.Text);
        Assert.Equal(text, line.RootElement.GetProperty("after").GetProperty("v").GetString());
    }

    [Fact]
    public void Text_without_an_encoding_is_repaired()
    {
        TableSchema table = Samples.TableOf(new(TypeKind.Text, "text"));
        RowMaker maker = new RowMaker(new NdjsonEncoder()).Transaction(RowMaker.Raw(table, [(byte)'a', 0xFF, (byte)'b']));
        using JsonDocument line = JsonDocument.Parse(maker.Bytes);
        Assert.Equal("a\uFFFDb", line.RootElement.GetProperty("after").GetProperty("v").GetString());
    }

    static void Check(IRowEncoder encoder)
    {
        Property property = Prop.ForAll(Cells, Gen.Elements(Types).ToArbitrary(), (cell, type) =>
        {
            RowMaker maker = new RowMaker(encoder).Transaction(RowMaker.Raw(Samples.TableOf(type), cell));
            byte[] line = maker.Bytes;
            using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 100_000 });
            return line.AsSpan().IndexOf((byte)'\n') == line.Length - 1;
        });
        property.Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }
}
