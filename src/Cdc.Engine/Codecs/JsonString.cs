using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Cdc.Engine.Codecs;

/// <summary>Writes text as a JSON string, escaping as little as JSON allows.</summary>
internal static class JsonString
{
    static readonly SearchValues<byte> Plain = SearchValues.Create(PlainBytes());
    static readonly SearchValues<byte> Escaped = SearchValues.Create(EscapedBytes());

    static ReadOnlySpan<byte> Hex => "0123456789abcdef"u8;

    /// <summary>Writes the text with its quotes. Bytes that are not UTF-8, which only a database without an encoding
    /// sends, become U+FFFD: a line must stay readable.</summary>
    public static void Write(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        if (text.ContainsAnyExcept(Plain))
        {
            WriteEscaped(ref output, text);
            return;
        }
        WritePlain(ref output, text);
    }

    /// <summary>Writes text that is known to need no escapes.</summary>
    public static void WritePlain(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        Span<byte> room = output.Room(text.Length + 2);
        room[0] = (byte)'"';
        text.CopyTo(room[1..]);
        room[text.Length + 1] = (byte)'"';
        output.Advance(text.Length + 2);
    }

    /// <summary>The text as a JSON string, with its quotes.</summary>
    public static byte[] Of(string text)
    {
        ArrayBufferWriter<byte> buffer = new();
        Utf8Output output = new(buffer);
        Write(ref output, Encoding.UTF8.GetBytes(text));
        output.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    static void WriteEscaped(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        output.Write((byte)'"');
        WriteContent(ref output, text);
        output.Write((byte)'"');
    }

    /// <summary>Writes the text without quotes, for strings that consist of several pieces.</summary>
    public static void WriteContent(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text)) WriteRuns(ref output, text);
        else WriteRepaired(ref output, text);
    }

    static void WriteRuns(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        while (true)
        {
            int stop = text.IndexOfAny(Escaped);
            if (stop < 0) break;
            output.Write(text[..stop]);
            WriteEscape(ref output, text[stop]);
            text = text[(stop + 1)..];
        }
        output.Write(text);
    }

    static void WriteRepaired(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(text, out _, out int used);
            if (status == OperationStatus.Done) WriteRuns(ref output, text[..used]);
            else output.Write("\\ufffd"u8);
            text = text[used..];
        }
    }

    static void WriteEscape(ref Utf8Output output, byte value)
    {
        switch (value)
        {
            case (byte)'"': output.Write("\\\""u8); break;
            case (byte)'\\': output.Write("\\\\"u8); break;
            case (byte)'\n': output.Write("\\n"u8); break;
            case (byte)'\r': output.Write("\\r"u8); break;
            case (byte)'\t': output.Write("\\t"u8); break;
            case (byte)'\b': output.Write("\\b"u8); break;
            case (byte)'\f': output.Write("\\f"u8); break;
            default:
                output.Write("\\u00"u8);
                output.Write(Hex[value >> 4]);
                output.Write(Hex[value & 15]);
                break;
        }
    }

    static byte[] PlainBytes() =>
        [.. Enumerable.Range(0x20, 0x60).Select(static b => (byte)b)
            .Where(static b => b is not (byte)'"' and not (byte)'\\')];

    static byte[] EscapedBytes() =>
        [.. Enumerable.Range(0, 0x20).Select(static b => (byte)b), (byte)'"', (byte)'\\'];
}
