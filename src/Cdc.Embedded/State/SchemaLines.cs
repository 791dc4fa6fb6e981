using System.Buffers;
using System.Text;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.Storage;

namespace Cdc.Embedded.State;

/// <summary>Schema versions as lines: <c>{"crc":"01234567","version":{…}}</c>, the checksum of the version's
/// bytes.</summary>
static class SchemaLines
{
    const int ChecksumDigits = 8;

    static ReadOnlySpan<byte> Start => "{\"crc\":\""u8;
    static ReadOnlySpan<byte> Middle => "\",\"version\":"u8;
    static ReadOnlySpan<byte> End => "}"u8;

    public static void Write(TableSchema version, IBufferWriter<byte> output)
    {
        ArrayBufferWriter<byte> json = new();
        SchemaJson.Write(version, json);
        output.Write(Start);
        output.Write(Checksum(json.WrittenSpan));
        output.Write(Middle);
        output.Write(json.WrittenSpan);
        output.Write(End);
        output.Write("\n"u8);
    }

    /// <summary>All whole lines, and the bytes that they take.</summary>
    /// <remarks>The last line may be torn by a crash while it was appended, and is dropped then: it has no end, or
    /// holes where blocks of the disk were not written. Anything else that is not as it was written is
    /// damage.</remarks>
    /// <exception cref="CdcException">StateUnusable, naming the line.</exception>
    public static (List<TableSchema> Versions, long Length) Read(byte[] bytes, string path)
    {
        List<TableSchema> versions = [];
        int start = 0;
        while (start < bytes.Length)
        {
            int length = bytes.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0) break;
            ReadOnlyMemory<byte> line = bytes.AsMemory(start, length);
            bool isLast = start + length + 1 == bytes.Length;
            if (isLast && line.Span.Contains((byte)0)) break;
            string place = $"{path}, line {versions.Count + 1},";
            versions.Add(SchemaJson.Read(Unwrap(line) ?? throw Damaged(place), place));
            start += length + 1;
        }
        return (versions, start);
    }

    static ReadOnlyMemory<byte>? Unwrap(ReadOnlyMemory<byte> line)
    {
        int head = Start.Length + ChecksumDigits + Middle.Length;
        ReadOnlySpan<byte> span = line.Span;
        if (span.Length < head + End.Length || !span.StartsWith(Start) || !span.EndsWith(End)) return null;
        if (!span[(head - Middle.Length)..].StartsWith(Middle)) return null;
        ReadOnlyMemory<byte> json = line[head..^End.Length];
        return span.Slice(Start.Length, ChecksumDigits).SequenceEqual(Checksum(json.Span)) ? json : null;
    }

    static byte[] Checksum(ReadOnlySpan<byte> json) => Encoding.ASCII.GetBytes($"{Crc32C.Of(json):x8}");

    static CdcException Damaged(string place) => new(
        FailureKind.StateUnusable, $"{place} is damaged: it is not what was written.", StateUnusable.WayOut);
}
