namespace Cdc.Engine.Codecs.Text;

/// <summary>Reads the text form of PostgreSQL's dates and times, which reaches beyond what .NET's own types
/// hold.</summary>
internal static class DateTimeText
{
    public const long MicrosPerSecond = 1_000_000;
    public const long MicrosPerDay = 86_400 * MicrosPerSecond;

    /// <summary>Reads <c>2026-11-20</c>, also with <c> BC</c> behind it: days since 1970.</summary>
    public static bool TryReadDate(ReadOnlySpan<byte> text, out long days)
    {
        bool isBc = TakeEnd(ref text, " BC"u8);
        return TryTakeDate(ref text, isBc, out days) && text.IsEmpty;
    }

    /// <summary>Reads <c>22:57:03.123456</c>: microseconds since midnight.</summary>
    public static bool TryReadTime(ReadOnlySpan<byte> text, out long micros) =>
        TryTakeTime(ref text, out micros) && text.IsEmpty;

    /// <summary>Reads <c>22:57:03.123456+05:30</c>: microseconds since midnight there, and seconds east
    /// of UTC.</summary>
    public static bool TryReadTimeTz(ReadOnlySpan<byte> text, out long micros, out int offset)
    {
        offset = 0;
        return TryTakeTime(ref text, out micros) && TryTakeOffset(ref text, out offset) && text.IsEmpty;
    }

    /// <summary>Reads <c>2026-11-20 22:57:03.123456</c>, also with an offset and <c> BC</c> behind it: days since
    /// 1970, and microseconds since midnight, in UTC.</summary>
    public static bool TryReadTimestamp(ReadOnlySpan<byte> text, out long days, out long micros)
    {
        micros = 0;
        bool isBc = TakeEnd(ref text, " BC"u8);
        if (!TryTakeDate(ref text, isBc, out days) || !Take(ref text, (byte)' ')) return false;
        if (!TryTakeTime(ref text, out micros)) return false;
        if (text.IsEmpty) return true;
        if (!TryTakeOffset(ref text, out int offset) || !text.IsEmpty) return false;
        micros -= offset * MicrosPerSecond;
        days += Math.DivRem(micros, MicrosPerDay, out micros);
        if (micros < 0) (days, micros) = (days - 1, micros + MicrosPerDay);
        return true;
    }

    /// <summary>The calendar's date; the year before 1 is 0.</summary>
    public static (long Year, int Month, int Day) ToDate(long days)
    {
        // Counted in cycles of 400 years that begin on the first of March, so that a leap day comes last.
        days += 719_468;
        long era = Math.DivRem(days, 146_097, out long dayOfEra);
        if (dayOfEra < 0) (era, dayOfEra) = (era - 1, dayOfEra + 146_097);
        long yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long shifted = (5 * dayOfYear + 2) / 153;
        int day = (int)(dayOfYear - (153 * shifted + 2) / 5 + 1);
        int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day);
    }

    static long ToDays(long year, int month, int day)
    {
        if (month <= 2) year--;
        long era = (year >= 0 ? year : year - 399) / 400;
        long yearOfEra = year - era * 400;
        long dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
    }

    static bool TryTakeDate(ref ReadOnlySpan<byte> text, bool isBc, out long days)
    {
        days = 0;
        if (!TryTakeDigits(ref text, 4, 7, out int year) || !Take(ref text, (byte)'-')) return false;
        if (!TryTakeDigits(ref text, 2, 2, out int month) || !Take(ref text, (byte)'-')) return false;
        if (!TryTakeDigits(ref text, 2, 2, out int day)) return false;
        if (year < 1 || month is < 1 or > 12 || day is < 1 or > 31) return false;
        days = ToDays(isBc ? 1 - year : year, month, day);
        return true;
    }

    static bool TryTakeTime(ref ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        if (!TryTakeDigits(ref text, 2, 2, out int hours) || !Take(ref text, (byte)':')) return false;
        if (!TryTakeDigits(ref text, 2, 2, out int minutes) || !Take(ref text, (byte)':')) return false;
        if (!TryTakeDigits(ref text, 2, 2, out int seconds)) return false;
        if (hours > 24 || minutes > 59 || seconds > 60) return false;
        int fraction = 0;
        if (Take(ref text, (byte)'.') && !TryTakeFraction(ref text, out fraction)) return false;
        micros = (hours * 3600L + minutes * 60 + seconds) * MicrosPerSecond + fraction;
        return true;
    }

    /// <summary>Takes up to six digits as millionths.</summary>
    public static bool TryTakeFraction(ref ReadOnlySpan<byte> text, out int millionths)
    {
        int before = text.Length;
        if (!TryTakeDigits(ref text, 1, 6, out millionths)) return false;
        for (int digits = before - text.Length; digits < 6; digits++) millionths *= 10;
        return true;
    }

    static bool TryTakeOffset(ref ReadOnlySpan<byte> text, out int seconds)
    {
        seconds = 0;
        if (text.IsEmpty || text[0] is not ((byte)'+' or (byte)'-')) return false;
        int sign = text[0] == '-' ? -1 : 1;
        text = text[1..];
        if (!TryTakeDigits(ref text, 2, 2, out int hours)) return false;
        int minutes = 0;
        if (Take(ref text, (byte)':') && !TryTakeDigits(ref text, 2, 2, out minutes)) return false;
        int rest = 0;
        if (Take(ref text, (byte)':') && !TryTakeDigits(ref text, 2, 2, out rest)) return false;
        seconds = sign * (hours * 3600 + minutes * 60 + rest);
        return true;
    }

    public static bool TryTakeDigits(ref ReadOnlySpan<byte> text, int least, int most, out int value)
    {
        value = 0;
        int count = 0;
        while (count < most && count < text.Length && (uint)(text[count] - '0') <= 9)
            value = value * 10 + text[count++] - '0';
        text = text[count..];
        return count >= least;
    }

    static bool Take(ref ReadOnlySpan<byte> text, byte expected)
    {
        if (text.IsEmpty || text[0] != expected) return false;
        text = text[1..];
        return true;
    }

    static bool TakeEnd(ref ReadOnlySpan<byte> text, ReadOnlySpan<byte> end)
    {
        if (!text.EndsWith(end)) return false;
        text = text[..^end.Length];
        return true;
    }
}
