namespace Cdc.Engine.Codecs.Text;

/// <summary>Text in double quotes as PostgreSQL writes it inside arrays, composites and hstore.</summary>
internal static class Quoted
{
    /// <summary>Index of the closing quote of text that begins with a quote; -1 if there is none.</summary>
    public static int End(ReadOnlySpan<byte> text)
    {
        int at = 1;
        while (at < text.Length)
        {
            int stop = text[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (stop < 0) return -1;
            at += stop;
            if (text[at] == '\\') at += 2;
            else if (at + 1 < text.Length && text[at + 1] == '"') at += 2; // A doubled quote stands for one.
            else return at;
        }
        return -1;
    }

    public static bool HasEscapes(ReadOnlySpan<byte> text) => text.IndexOfAny((byte)'"', (byte)'\\') >= 0;

    /// <summary>Takes the escapes out; <paramref name="target"/> is at least as long. Returns the length.</summary>
    public static int Unescape(ReadOnlySpan<byte> text, Span<byte> target)
    {
        int used = 0;
        while (true)
        {
            int stop = text.IndexOfAny((byte)'"', (byte)'\\');
            if (stop < 0 || stop + 1 >= text.Length) break;
            text[..stop].CopyTo(target[used..]);
            used += stop;
            target[used++] = text[stop + 1];
            text = text[(stop + 2)..];
        }
        text.CopyTo(target[used..]);
        return used + text.Length;
    }
}
