using System.Buffers;
using System.Text.Unicode;
using Cdc.Engine.Codecs.Text;
using Cdc.Engine.Rows;

namespace Cdc.Engine.Codecs.Ndjson;

/// <summary>The line of a logical message.</summary>
internal static class NdjsonMessage
{
    public static void Write(ref Utf8Output output, NdjsonStamp stamp, in Row row)
    {
        stamp.WriteBefore(ref output, row.Sequence);
        output.Write("\",\"op\":\"m\",\"time\":"u8);
        stamp.WriteAfter(ref output);
        output.Write(",\"prefix\":"u8);
        JsonString.Write(ref output, row.New[0].Bytes);
        WriteContent(ref output, row.New[1].Bytes);
        output.Write("}\n"u8);
    }

    // Text if it can be text; a zero byte can't be in any text of PostgreSQL.
    static void WriteContent(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(text.Length / 2 + 1);
        bool decoded = BinaryText.TryDecode(text, rented, out int length);
        ReadOnlySpan<byte> content = decoded ? rented.AsSpan(0, length) : text;
        if (Utf8.IsValid(content) && !content.Contains((byte)0))
        {
            output.Write(",\"content\":"u8);
            JsonString.Write(ref output, content);
        }
        else
        {
            output.Write(",\"contentHex\":"u8);
            JsonString.Write(ref output, decoded ? text[2..] : text);
        }
        ArrayPool<byte>.Shared.Return(rented);
    }
}
