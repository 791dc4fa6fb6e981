using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Protocol;
using FsCheck;
using FsCheck.Fluent;

namespace Cdc.Engine.Tests.Schemas;

public sealed class SchemaJsonTests
{
    [Fact]
    public void Every_schema_reads_back_equal_from_one_line() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            TableSchema schema = Any(new Random(seed));
            byte[] line = Line(schema);
            Assert.DoesNotContain((byte)'\n', line);
            TableSchema read = SchemaJson.Read(line, "here");
            Assert.Equal(schema, read);
            Assert.Equal(line, Line(read));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_line_is_what_older_builds_wrote() => Assert.Equal(
        """{"format":1,"id":5,"since":"00000000016B3748.0001","schema":"shop","table":"Order \"x\"","sourceId":16384,"identity":"Full","columns":[{"name":"id","identity":true,"type":{"kind":"Int64","name":"int8","sourceId":20}},{"name":"tags","type":{"kind":"Array","name":"text[]","sourceId":1009,"element":{"kind":"Text","name":"text","sourceId":25}}}],"key":[0]}""",
        Encoding.UTF8.GetString(Line(new()
        {
            Id = new(5),
            Since = new(0x16B3748, 1),
            Name = new("shop", "Order \"x\""),
            SourceId = 16384,
            Identity = ReplicaIdentity.Full,
            Columns =
            [
                new("id", new(TypeKind.Int64, "int8", 20), true),
                new("tags", new(TypeKind.Array, "text[]", 1009) { Element = new(TypeKind.Text, "text", 25) }),
            ],
            Key = [0],
        })));

    [Fact]
    public void A_newer_format_is_refused_by_name()
    {
        CdcException failure = Refused(Encoding.UTF8.GetString(Line(Any(new(1))))
            .Replace("\"format\":1", "\"format\":2"));
        Assert.Contains("newer cdc", failure.Message);
    }

    [Fact]
    public void A_definition_is_written_behind_what_rows_need() => Assert.EndsWith(
        """
        "columns":[],"definition":{"form":"Partitioned","columns":[{"number":1,"name":"day","type":"date","notNull":true},{"number":3,"name":"m","type":"shop.mood","collation":"\"C\"","default":"'ok'::shop.mood","missing":"ok"}],"constraints":[{"name":"fk","kind":"ForeignKey","text":"FOREIGN KEY (a) REFERENCES shop.b(id)","references":{"schema":"shop","name":"b"},"inherited":true}],"indexes":[{"name":"i","text":"CREATE INDEX i ON shop.t USING btree (day)","unique":true}],"sequences":[{"schema":"shop","name":"t_id_seq","column":"id","identity":true,"type":"bigint","start":1,"increment":1,"min":1,"max":9223372036854775807,"cache":1}],"types":[{"schema":"shop","name":"mood","sourceId":16500,"form":"Enum","labels":["ok","bad"]}],"partitionKey":"RANGE (day)","partitionOf":{"schema":"shop","name":"p"},"partitionBound":"DEFAULT","inherits":[{"schema":"shop","name":"q"}]}}
        """,
        Encoding.UTF8.GetString(Line(new()
        {
            Id = new(5), Name = new("shop", "t"), Columns = [], Definition = new()
            {
                Form = TableForm.Partitioned,
                Columns =
                [
                    new(1, "day", "date") { NotNull = true },
                    new(3, "m", "shop.mood")
                        { Collation = "\"C\"", Default = "'ok'::shop.mood", MissingValue = "ok" },
                ],
                Constraints =
                [
                    new("fk", ConstraintKind.ForeignKey, "FOREIGN KEY (a) REFERENCES shop.b(id)", new("shop", "b"), true),
                ],
                Indexes = [new("i", "CREATE INDEX i ON shop.t USING btree (day)", true)],
                Sequences = [new(new("shop", "t_id_seq"), "id", true, "bigint", 1, 1, 1, long.MaxValue, 1, false)],
                Types = [new(new("shop", "mood"), 16500, TypeForm.Enum) { Labels = ["ok", "bad"] }],
                PartitionKey = "RANGE (day)",
                PartitionOf = new("shop", "p"),
                PartitionBound = "DEFAULT",
                Inherits = [new("shop", "q")],
            },
        })));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"format":"1"}""")]
    [InlineData("""{"format":0,"id":1}""")]
    [InlineData("""{"format":1,"id":0,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[]}""")]
    [InlineData("""{"format":1,"id":1,"since":"x","schema":"s","table":"t","columns":[]}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":null,"table":"t","columns":[]}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[],"key":[0]}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[],"identity":"1"}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[{"name":"a"}]}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[],"dropped":1}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[],"definition":[]}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[],"definition":{"columns":{}}}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[],"definition":{"columns":[{"number":1,"name":"a"}]}}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[],"definition":{"form":"7"}}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[],"definition":{"types":[{"labels":[null]}]}}""")]
    [InlineData("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[],"definition":{"partitionOf":"t"}}""")]
    public void What_is_no_schema_is_refused(string line) => Assert.Contains("damaged", Refused(line).Message);

    [Fact]
    public void Nesting_without_end_is_refused_and_not_followed()
    {
        string deep = string.Concat(Enumerable.Repeat("""{"kind":"Array","name":"a","element":""", 100_000));
        Refused("""{"format":1,"id":1,"since":"00000000016B3748.0001","schema":"s","table":"t","columns":[{"name":"a","type":""" + deep);
    }

    [Fact]
    public void Edited_lines_give_a_schema_or_a_failure()
    {
        byte[] line = Line(Any(new(3)) with { Definition = AnyDefinition.Of(new(5)) });
        Random random = new(4);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] edited = [.. line];
            for (int edits = random.Next(1, 4); edits > 0; edits--)
                edited[random.Next(edited.Length)] = (byte)random.Next(256);
            try
            {
                SchemaJson.Read(edited.AsMemory(0, random.Next(4) == 0 ? random.Next(edited.Length) : edited.Length),
                    "here");
            }
            catch (CdcException failure)
            {
                Assert.Equal(FailureKind.StateUnusable, failure.Kind);
            }
        }
    }

    static CdcException Refused(string line)
    {
        CdcException failure = Assert.Throws<CdcException>(() =>
            SchemaJson.Read(Encoding.UTF8.GetBytes(line), "schemas.ndjson, line 7,"));
        Assert.Equal(FailureKind.StateUnusable, failure.Kind);
        Assert.Contains("schemas.ndjson, line 7,", failure.Message);
        Assert.NotNull(failure.Fix);
        return failure;
    }

    static byte[] Line(TableSchema schema)
    {
        ArrayBufferWriter<byte> output = new();
        SchemaJson.Write(schema, output);
        return output.WrittenSpan.ToArray();
    }

    static TableSchema Any(Random random)
    {
        ImmutableArray<Column> columns =
            [.. Enumerable.Range(0, random.Next(6))
                .Select(_ => new Column(Name(random), Type(random, 3), random.Next(2) == 0))];
        return new()
        {
            Id = new(random.NextInt64(1, long.MaxValue)),
            Since = new((ulong)random.NextInt64(), (uint)random.Next((int)CommitTs.MaxStep + 1)),
            Name = new(Name(random), Name(random)),
            SourceId = (uint)random.NextInt64(uint.MaxValue + 1L),
            Columns = columns,
            Key = [.. Enumerable.Range(0, columns.Length).Where(_ => random.Next(2) == 0).Reverse()],
            Identity = (ReplicaIdentity)random.Next(4),
            IsDropped = random.Next(4) == 0,
            Definition = random.Next(4) == 0 ? null : AnyDefinition.Of(random),
        };
    }

    static ColumnType Type(Random random, int depth) => new(
        Enum.GetValues<TypeKind>()[random.Next(Enum.GetValues<TypeKind>().Length)], Name(random),
        (uint)random.Next(), random.Next(-1, 100))
    {
        Delimiter = random.Next(3) == 0 ? ';' : ',',
        Element = depth > 0 && random.Next(3) == 0 ? Type(random, depth - 1) : null,
        Fields = depth > 0 && random.Next(3) == 0
            ? [new(Name(random), Type(random, depth - 1)), new("b", Type(random, 0))] : [],
    };

    internal static string Name(Random random) => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ =>
        random.Next(8) switch { 0 => "\"", 1 => "\\", 2 => "\n", 3 => "ä", 4 => "𝄞", 5 => "\u2028",
            _ => ((char)random.Next(32, 127)).ToString() }));
}
