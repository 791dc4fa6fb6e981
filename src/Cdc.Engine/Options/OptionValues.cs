using System.Globalization;

namespace Cdc.Engine.Options;

/// <summary>Reads and prints lengths of time, sizes, numbers and switches.</summary>
static class OptionValues
{
    // From the largest down, so that printing finds the one that leaves no rest.
    static readonly (string Suffix, long Ticks)[] s_times =
    [
        ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond), ("ms", TimeSpan.TicksPerMillisecond),
    ];

    static readonly (string Suffix, long Bytes)[] s_sizes =
    [
        ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1),
    ];

    // What a timer takes: none is shorter than a millisecond or longer than 49 days.
    const long ShortestTicks = TimeSpan.TicksPerMillisecond;
    const long LongestTicks = 40 * TimeSpan.TicksPerDay;

    public static TimeSpan ReadDuration(string text)
    {
        if (text == "0") return TimeSpan.Zero;
        (decimal number, string suffix) = Split(text);
        foreach ((string name, long ticks) in s_times)
        {
            if (suffix != name || number > LongestTicks / ticks) continue;
            long length = (long)(number * ticks);
            if (length is 0 or >= ShortestTicks) return new(length);
        }
        throw new FormatException("a length of time such as 500ms, 5s, 2m or 1h, up to 40d");
    }

    public static long ReadSize(string text)
    {
        (decimal number, string suffix) = Split(text);
        if (suffix.Length == 0) suffix = "B";
        foreach ((string name, long bytes) in s_sizes)
        {
            if (suffix.Equals(name, StringComparison.OrdinalIgnoreCase) && number <= long.MaxValue / bytes)
                return (long)(number * bytes);
        }
        throw new FormatException("a size such as 512KB, 64MB or 1GiB");
    }

    public static long ReadNumber(string text, long least, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= least
            && number <= most
            ? number
            : throw new FormatException(most == long.MaxValue
                ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}");

    public static bool ReadSwitch(string text) => text switch
    {
        "true" => true,
        "false" => false,
        _ => throw new FormatException("true or false"),
    };

    public static string Print(TimeSpan value)
    {
        foreach ((string suffix, long ticks) in s_times)
        {
            if (value.Ticks != 0 && value.Ticks % ticks == 0) return Invariant($"{value.Ticks / ticks}{suffix}");
        }
        return value.Ticks == 0 ? "0" : Invariant($"{value.TotalMilliseconds:0.####}ms");
    }

    public static string PrintSize(long bytes)
    {
        foreach ((string suffix, long unit) in s_sizes)
        {
            if (bytes != 0 && bytes % unit == 0) return Invariant($"{bytes / unit}{suffix}");
        }
        return "0";
    }

    static (decimal Number, string Suffix) Split(string text)
    {
        int end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.')) end++;
        bool isNumber = decimal.TryParse(
            text.AsSpan(0, end), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number);
        return isNumber ? (number, text[end..]) : (0, "?");
    }

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
