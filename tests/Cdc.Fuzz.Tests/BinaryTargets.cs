using System.Text.Json;
using Cdc.Engine.Codecs;
using Cdc.Engine.Codecs.Debezium;
using Cdc.Engine.Codecs.Ndjson;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Tests.Codecs;
using Cdc.Postgres.Capture;
using Cdc.Postgres.Snapshot;
using Cdc.Postgres.Tests.Decoding;
using Cdc.Postgres.Wire;
using static Cdc.Postgres.Tests.Decoding.LogMessages;

namespace Cdc.Fuzz.Tests;

/// <summary>What a server sends: its protocol, its log, its COPY, and the text of its values.</summary>
static class BinaryTargets
{
    const uint Orders = 100;

    static readonly byte[][] Opening =
        [Begin(1000), Type(600, "mood"), Relation(Orders, "orders", 'f', ("id", true), ("note", true))];

    static readonly byte[][] Log =
    [
        .. Opening, Origin(5, "elsewhere"), Insert(Orders, "1", null), Update(Orders, 'O', ["1", null], ["2", "x"]),
        Update(Orders, "2", Unchanged), Delete(Orders, 'K', "2", null), Message(true, "app", [1, 2, 3]),
        Truncate(1, Orders), Commit(1000, 1040),
    ];

    static readonly byte[][] Fields = [[.. "SFATAL\0C42704\0Mno such thing\0Hhint\0stable\0\0"u8]];

    static readonly (ColumnType Type, string[] Values)[] Cells = [.. Samples.Types.Select(static t => (t.Type, t.Values.ToArray()))];

    static readonly TableSchema Copied = new() { Id = new(1), Name = new("s", "t"), Columns = [] };

    public static IEnumerable<Target> All { get; } =
    [
        Target.Of("pgoutput", FailureKind.ProtocolViolation, Log, Decode),
        Target.Of("message of the event triggers", FailureKind.ProtocolViolation,
            [DdlMessages.Sample], static json => DdlMessage.Parse(json)),
        new("DDL in the log", [DdlMessages.Sample], Ddl, static refused => refused is CdcException
        {
            Kind: FailureKind.ProtocolViolation or FailureKind.TableStopped or FailureKind.SourceUnfit,
        }),
        Target.Of("server error", FailureKind.ProtocolViolation, Fields, static body => PgServerError.Parse(body)),
        Target.Of("row description", FailureKind.ProtocolViolation,
            [[0, 1, (byte)'a', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 0, 4, 0, 0, 0, 0, 0, 0]],
            static body => new PgRows().Describe(body)),
        Target.Of("data row", FailureKind.ProtocolViolation, [[0, 1, 0, 0, 0, 1, (byte)'x']],
            static body => new PgRows().Add(body)),
        Target.Of("COPY line", FailureKind.ProtocolViolation, [[.. "1\ttwo\\tthree\t\\N\t\\\\N\n"u8]], Copy),
        .. Cells.Select(static (cell, i) => Value($"{i}", cell.Type, cell.Values, new NdjsonEncoder())),
        .. Cells.Select(static (cell, i) => Value($"debezium {i}", cell.Type, cell.Values, new DebeziumEncoder("a", "b"))),
    ];

    static void Decode(byte[] message)
    {
        using DecoderBench decoder = new();
        try
        {
            decoder.Take(Opening).Take(message).Flush();
        }
        finally
        {
            decoder.Abandon();
            Assert.Equal(0, decoder.Pool.BytesOut);
        }
    }

    static void Ddl(byte[] json)
    {
        using DecoderBench decoder = new(capture: DdlCaptureMode.Trigger);
        try
        {
            decoder.Take(Begin(1000), Message(true, DdlMessages.Prefix, json), Message(true, DdlMessages.Prefix, json), Commit(1000, 1040)).Flush();
        }
        finally
        {
            decoder.Abandon();
        }
    }

    static void Copy(byte[] line)
    {
        RowWriter writer = new(new RowBlockPool());
        writer.Begin(default);
        writer.StartRow(Copied, Op.Snapshot);
        CopyRow.Write(line, 4, writer);
        writer.EndRow();
    }

    // A value is never refused: what is not of its type is written as text. What the parser may not do is break the line.
    static Target Value(string name, ColumnType type, string[] samples, IRowEncoder encoder) => new(
        $"value {name}, {type.Name}", [.. samples.Select(System.Text.Encoding.UTF8.GetBytes), [.. "x"u8]], bytes =>
        {
            RowMaker maker = new RowMaker(encoder).Transaction(RowMaker.Raw(Samples.TableOf(type), bytes));
            byte[] line = maker.Bytes;
            using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 100_000 });
            Assert.Equal(line.Length - 1, line.AsSpan().IndexOf((byte)'\n'));
        }, static _ => false)
        { IsTotal = true };
}
