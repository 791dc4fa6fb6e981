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
    /// <param name="counted">How many lines a record was saved for. Those behind them belong to an append that no
    /// record followed: a crash may have torn it anywhere, since blocks of the disk are written in any order, and what
    /// is left from the first line on that is not whole is dropped.</param>
    /// <exception cref="CdcException">StateUnusable, naming the line: a counted one is not as it was written.
    /// </exception>
    public static (List<TableSchema> Versions, long Length) Read(byte[] bytes, int counted, string path)
    {
        List<TableSchema> versions = [];
        int start = 0;
        while (start < bytes.Length)
        {
            int length = bytes.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0) break;
            string place = $"{path}, line {versions.Count + 1},";
            if (Unwrap(bytes.AsMemory(start, length)) is not { } version)
            {
                if (versions.Count >= counted) break;
                throw Damaged(place);
            }
            versions.Add(SchemaJson.Read(version, place));
            start += length + 1;
        }
        if (versions.Count < counted)
            throw StateUnusable.Damaged(path, $"is cut short: it has {versions.Count} lines of {counted}");
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
