using System.Buffers;
using System.Text.Json;

namespace Cdc.Engine.Codecs;

/// <summary>A cell that is JSON itself.</summary>
internal static class JsonDocumentText
{
    // PostgreSQL's own limit is its stack; this is beyond what it accepts with default settings.
    const int DepthMax = 20_000;

    static readonly SearchValues<byte> LineBreaks = SearchValues.Create("\r\n"u8);

    static ReadOnlySpan<byte> Whitespace => " \t\r\n"u8;

    public static bool IsNull(ReadOnlySpan<byte> text) => text.Trim(Whitespace).SequenceEqual("null"u8);

    public static bool IsArray(ReadOnlySpan<byte> text) => text.TrimStart(Whitespace) is [(byte)'[', ..];

    /// <summary>Whether the text is one JSON value and nothing else.</summary>
    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        if (!System.Text.Unicode.Utf8.IsValid(text)) return false;
        Utf8JsonReader reader = new(text, new JsonReaderOptions { MaxDepth = DepthMax });
        try
        {
            while (reader.Read()) { }
            return reader.BytesConsumed == text.Length;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Copies valid JSON on one line. A line break can only stand between tokens, where a blank means the
    /// same.</summary>
    public static void Write(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        int stop;
        while ((stop = text.IndexOfAny(LineBreaks)) >= 0)
        {
            output.Write(text[..stop]);
            output.Write((byte)' ');
            text = text[(stop + 1)..];
        }
        output.Write(text);
    }
}
