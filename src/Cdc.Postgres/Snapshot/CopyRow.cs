using Cdc.Engine.Failures;
using Cdc.Engine.Rows;

namespace Cdc.Postgres.Snapshot;

/// <summary>Reads one row of COPY's text format straight into the cells of a row.</summary>
/// <remarks>A field ends at the next tab: a tab in a value is written as an escape. So is a line feed, so that a row is
/// a line. <c>\N</c> alone is NULL; a value of these two characters is written <c>\\N</c>.</remarks>
internal static class CopyRow
{
    const byte Tab = (byte)'\t';
    const byte Backslash = (byte)'\\';

    /// <summary>Writes as many cells as the table has columns.</summary>
    /// <param name="line">The row with its line feed.</param>
    /// <exception cref="CdcException"><see cref="FailureKind.ProtocolViolation"/>: it is not such a row.</exception>
    public static void Write(ReadOnlySpan<byte> line, int columns, RowWriter writer)
    {
        if (line.IsEmpty || line[^1] != (byte)'\n') throw Violation("a row of a copy does not end with its line");
        ReadOnlySpan<byte> rest = line[..^1];
        if (columns == 0 && !rest.IsEmpty) throw Violation("a row of a copy has columns, and the table none");
        for (int left = columns; left > 0; left--)
        {
            int end = rest.IndexOfAny(Tab, Backslash);
            bool escaped = end >= 0 && rest[end] == Backslash;
            if (escaped)
            {
                int tab = rest[end..].IndexOf(Tab);
                end = tab < 0 ? -1 : end + tab;
            }
            // The last field has no tab behind it, and every other one has.
            if (end < 0 != (left == 1)) throw Violation("a row of a copy has another number of columns than its table");
            ReadOnlySpan<byte> field = end < 0 ? rest : rest[..end];
            if (escaped) WriteEscaped(field, writer);
            else writer.Value(field);
            rest = rest[(end + 1)..];
        }
    }

    static void WriteEscaped(ReadOnlySpan<byte> field, RowWriter writer)
    {
        if (field is [Backslash, (byte)'N'])
        {
            writer.Null();
            return;
        }
        Span<byte> value = writer.Value(field.Length);
        int written = 0;
        while (!field.IsEmpty)
        {
            int plain = field.IndexOf(Backslash);
            ReadOnlySpan<byte> before = plain < 0 ? field : field[..plain];
            before.CopyTo(value[written..]);
            written += before.Length;
            if (plain < 0) break;
            field = field[(plain + 1)..];
            value[written++] = Unescape(ref field);
        }
        writer.Shorten(value.Length, written);
    }

    // What stands behind the backslash. An unknown letter stands for itself, as the server reads it.
    static byte Unescape(ref ReadOnlySpan<byte> field)
    {
        if (field.IsEmpty) throw Violation("a row of a copy ends in the middle of an escape");
        byte letter = field[0];
        switch (letter)
        {
            case (byte)'x' when Digits(field[1..], 16, 2) is var (hex, used) && used > 0:
                field = field[(1 + used)..];
                return hex;
            case >= (byte)'0' and <= (byte)'7':
                (byte octal, int digits) = Digits(field, 8, 3);
                field = field[digits..];
                return octal;
        }
        field = field[1..];
        return letter switch
        {
            (byte)'b' => (byte)'\b',
            (byte)'f' => (byte)'\f',
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'v' => (byte)'\v',
            _ => letter,
        };
    }

    static (byte Value, int Used) Digits(ReadOnlySpan<byte> text, int radix, int most)
    {
        int value = 0;
        int used = 0;
        while (used < most && used < text.Length)
        {
            int digit = text[used] switch
            {
                >= (byte)'0' and <= (byte)'9' => text[used] - '0',
                >= (byte)'a' and <= (byte)'f' => text[used] - 'a' + 10,
                >= (byte)'A' and <= (byte)'F' => text[used] - 'A' + 10,
                _ => radix,
            };
            if (digit >= radix) break;
            value = (value * radix) + digit;
            used++;
        }
        return ((byte)value, used);
    }

    static CdcException Violation(string what) =>
        new(FailureKind.ProtocolViolation, $"The server broke the protocol: {what}.");
}
