namespace Cdc.Engine.Codecs.Text;

/// <summary>An interval as PostgreSQL prints it with IntervalStyle postgres:
/// <c>1 year 2 mons -3 days +04:05:06.7</c>.</summary>
internal readonly record struct IntervalText(int Years, int Months, int Days, int Hours, int Minutes, long SecondMicros)
{
    public static bool TryRead(ReadOnlySpan<byte> text, out IntervalText interval)
    {
        interval = default;
        if (text.IsEmpty) return false;
        while (!text.IsEmpty)
        {
            ReadOnlySpan<byte> word = TakeWord(ref text);
            if (word.Contains((byte)':')) return text.IsEmpty && TryReadTime(word, ref interval);
            if (!TryReadNumber(word, out int number) || !TrySet(TakeWord(ref text), number, ref interval)) return false;
        }
        return true;
    }

    static bool TrySet(ReadOnlySpan<byte> unit, int number, ref IntervalText interval)
    {
        if (unit is [.., (byte)'s']) unit = unit[..^1];
        if (unit.SequenceEqual("year"u8)) interval = interval with { Years = number };
        else if (unit.SequenceEqual("mon"u8)) interval = interval with { Months = number };
        else if (unit.SequenceEqual("day"u8)) interval = interval with { Days = number };
        else return false;
        return true;
    }

    // The sign stands for all three parts.
    static bool TryReadTime(ReadOnlySpan<byte> word, ref IntervalText interval)
    {
        int sign = TakeSign(ref word);
        if (!DateTimeText.TryTakeDigits(ref word, 2, 9, out int hours) || word is not [(byte)':', ..]) return false;
        word = word[1..];
        if (!DateTimeText.TryTakeDigits(ref word, 2, 2, out int minutes) || word is not [(byte)':', ..]) return false;
        word = word[1..];
        if (!DateTimeText.TryTakeDigits(ref word, 2, 2, out int seconds)) return false;
        int fraction = 0;
        if (word is [(byte)'.', ..])
        {
            word = word[1..];
            if (!DateTimeText.TryTakeFraction(ref word, out fraction)) return false;
        }
        interval = interval with
        {
            Hours = sign * hours,
            Minutes = sign * minutes,
            SecondMicros = sign * (seconds * DateTimeText.MicrosPerSecond + fraction),
        };
        return word.IsEmpty;
    }

    static bool TryReadNumber(ReadOnlySpan<byte> word, out int number)
    {
        int sign = TakeSign(ref word);
        bool read = DateTimeText.TryTakeDigits(ref word, 1, 9, out number) && word.IsEmpty;
        number *= sign;
        return read;
    }

    static int TakeSign(ref ReadOnlySpan<byte> word)
    {
        if (word is not [(byte)'-' or (byte)'+', ..]) return 1;
        int sign = word[0] == '-' ? -1 : 1;
        word = word[1..];
        return sign;
    }

    static ReadOnlySpan<byte> TakeWord(ref ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = end < 0 ? text : text[..end];
        text = end < 0 ? [] : text[(end + 1)..];
        return word;
    }
}
