using System.Buffers;
using Cdc.Embedded.State;
using Cdc.Embedded.Tests.State;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Storage;
using Cdc.Engine.Tests.Rows;
using Cdc.Protocol;
using Cdc.Sinks.Files;
using Cdc.Testing;

namespace Cdc.Fuzz.Tests;

/// <summary>What we wrote ourselves, and a crash, a disk or an editor has changed.</summary>
static class FileTargets
{
    static readonly TableSchema Schema = Records.Schema(1);

    static readonly IndexEntry Entry = new()
    {
        Number = 7,
        Kind = EntryKind.Stream,
        Owner = new(3, 1),
        Writer = "w",
        Time = DateTimeOffset.UnixEpoch,
        Position = new(100, 0),
        Files = [new("data/1.ndjson", 10, 1, new(90, 0), new(100, 0), 5)],
    };

    public static IEnumerable<Target> All { get; } =
    [
        // A record that can't be read is an answer, not an exception.
        new("state.json", [StateJson.Write(Records.State(1), 2)], static bytes =>
        {
            _ = StateJson.FormatOf(bytes);
            if (!StateJson.TryRead(bytes, out _, out _)) throw StateUnusable.Damaged("here", "is damaged");
        }, IsUnusable),
        new("schema", [Line(SchemaJson.Write)], static bytes => SchemaJson.Read(bytes, "here"), IsUnusable),
        new("schema lines", [Line(SchemaLines.Write), [.. Line(SchemaLines.Write), .. Line(SchemaLines.Write)]],
            static bytes => SchemaLines.Read(bytes, counted: 1, "here"), IsUnusable),
        Target.Of("index entry", FailureKind.SinkUnfit,
            [
                IndexJson.Write(Entry), IndexJson.Write(Entry with { Kind = EntryKind.Snapshot, Table = new(new(1), new("s", "t"), new(9, 1)) }),
                IndexJson.Write(Entry with { Kind = EntryKind.Seal, Files = [] }),
            ], static bytes => IndexJson.ReadEntry("7.json", bytes)),
        Target.Of("index position", FailureKind.SinkUnfit, [IndexJson.Write(new IdlePosition(7, new(100, 0)))],
            static bytes => IndexJson.ReadIdle("position.json", bytes)),
        Target.Of("index header", FailureKind.SinkUnfit,
            [IndexJson.Write(new DirectoryHeader("f", new("postgres", "1", "d", 1), "ndjson"))],
            static bytes => IndexJson.ReadHeader("header.json", bytes)),
        Target.Of("segment", FailureKind.DiskFailed, [Segment()], ReadSegment),
    ];

    static bool IsUnusable(Exception refused) => refused is CdcException { Kind: FailureKind.StateUnusable };

    static byte[] Line(Action<TableSchema, IBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> line = new();
        write(Schema, line);
        return line.WrittenSpan.ToArray();
    }

    static byte[] Segment()
    {
        using TemporaryDirectory directory = new();
        RowBlockPool pool = new();
        RowWriter writer = new(pool);
        new RandomRows(11) { LargestValue = 12 }.Write(writer, new(new(77, 0), 99, 7), rows: 12);
        writer.Seal();
        using SegmentLog log = new(directory.Path, pool, 1 << 20);
        foreach (RowBatch batch in writer.Completed) log.Append(batch);
        writer.Abandon();
        string file = Directory.EnumerateFiles(directory.Path).Single();
        using FileStream open = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[open.Length];
        open.ReadExactly(bytes);
        return bytes;
    }

    static void ReadSegment(byte[] bytes)
    {
        using TemporaryDirectory directory = new();
        string path = directory.File("1.segment");
        File.WriteAllBytes(path, bytes);
        RowBlockPool pool = new();
        using SegmentReader reader = new(path);
        foreach (SegmentEntry entry in reader.Runs(CommitTs.Zero).SelectMany(reader.Entries))
        {
            if (RandomRows.Tables.FirstOrDefault(t => t.Id == entry.Table && t.Since == entry.SchemaSince) is { } table)
                reader.Read(entry, table, pool, 77, 99).Release();
        }
        Assert.Equal(0, pool.BytesOut);
    }
}
