namespace Cdc.Engine.Codecs;

/// <summary>Says whether text is a JSON number, so that it can be copied as it is.</summary>
internal static class JsonNumber
{
    public static bool IsInteger(ReadOnlySpan<byte> text)
    {
        if (text.Length > 0 && text[0] == '-') text = text[1..];
        return text.Length > 0 && DigitCount(text) == text.Length && (text[0] != '0' || text.Length == 1);
    }

    public static bool IsNumber(ReadOnlySpan<byte> text)
    {
        if (text.Length > 0 && text[0] == '-') text = text[1..];
        int whole = DigitCount(text);
        if (whole == 0 || (text[0] == '0' && whole > 1)) return false;
        text = text[whole..];
        if (text.Length > 0 && text[0] == '.')
        {
            int fraction = DigitCount(text[1..]);
            if (fraction == 0) return false;
            text = text[(1 + fraction)..];
        }
        return text.IsEmpty || IsExponent(text);
    }

    static bool IsExponent(ReadOnlySpan<byte> text)
    {
        if (text[0] is not ((byte)'e' or (byte)'E')) return false;
        text = text[1..];
        if (text.Length > 0 && text[0] is (byte)'+' or (byte)'-') text = text[1..];
        return text.Length > 0 && DigitCount(text) == text.Length;
    }

    static int DigitCount(ReadOnlySpan<byte> text)
    {
        int count = 0;
        while (count < text.Length && (uint)(text[count] - '0') <= 9) count++;
        return count;
    }
}
