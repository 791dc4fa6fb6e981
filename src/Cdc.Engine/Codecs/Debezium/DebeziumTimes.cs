using System.Globalization;
using Cdc.Engine.Codecs.Text;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs.Debezium;

/// <summary>Dates and times: numbers since 1970 or midnight where there is no time zone, ISO 8601 where there is
/// one.</summary>
internal static class DebeziumTimes
{
    // What Debezium's consumers know as infinity: the driver's constants, and a date shifted from 2000 to 1970 with
    // overflow.
    const long InfiniteMicros = 9_223_372_036_825_200_000;
    const long NegativeInfiniteMicros = -9_223_372_036_832_400_000;
    const long InfiniteDays = -2_147_472_692;
    const long NegativeInfiniteDays = -2_147_472_691;
    const int DefaultPrecision = 6;

    public static bool TryWrite(
        ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text) => type.Kind switch
    {
        TypeKind.Date => TryWriteDate(ref output, text),
        TypeKind.Time => TryWriteTime(ref output, type, text),
        TypeKind.TimeTz => TryWriteTimeTz(ref output, text),
        TypeKind.Timestamp => TryWriteTimestamp(ref output, type, text),
        TypeKind.TimestampTz => TryWriteTimestampTz(ref output, type, text),
        _ => TryWriteInterval(ref output, text),
    };

    static int PrecisionOf(ColumnType type) =>
        type.Modifier is >= 0 and <= DefaultPrecision ? type.Modifier : DefaultPrecision;

    static bool IsMillis(ColumnType type) => PrecisionOf(type) <= 3;

    static bool TryWriteDate(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("infinity"u8)) return Write(ref output, InfiniteDays);
        if (text.SequenceEqual("-infinity"u8)) return Write(ref output, NegativeInfiniteDays);
        return DateTimeText.TryReadDate(text, out long days) && Write(ref output, days);
    }

    static bool TryWriteTime(ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text) =>
        DateTimeText.TryReadTime(text, out long micros) && Write(ref output, IsMillis(type) ? micros / 1000 : micros);

    static bool TryWriteTimestamp(ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text)
    {
        long unit = IsMillis(type) ? 1000 : 1;
        if (text.SequenceEqual("infinity"u8)) return Write(ref output, InfiniteMicros / unit);
        if (text.SequenceEqual("-infinity"u8)) return Write(ref output, NegativeInfiniteMicros / unit);
        if (!DateTimeText.TryReadTimestamp(text, out long days, out long micros)) return false;
        // The last thirty years of PostgreSQL's calendar, counted from 1970, don't fit.
        Int128 value = ((Int128)days * DateTimeText.MicrosPerDay + micros) / unit;
        return value <= long.MaxValue && value >= long.MinValue && Write(ref output, (long)value);
    }

    static bool TryWriteTimestampTz(ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text)
    {
        if (!DateTimeText.TryReadTimestamp(text, out long days, out long micros)) return false;
        (long year, int month, int day) = DateTimeText.ToDate(days);
        output.Write((byte)'"');
        if (year < 0) output.Write((byte)'-');
        else if (year > 9999) output.Write((byte)'+');
        Digits(ref output, Math.Abs(year), 4);
        output.Write((byte)'-');
        Digits(ref output, month, 2);
        output.Write((byte)'-');
        Digits(ref output, day, 2);
        output.Write((byte)'T');
        WriteClock(ref output, micros, PrecisionOf(type));
        output.Write("Z\""u8);
        return true;
    }

    static bool TryWriteTimeTz(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        if (!DateTimeText.TryReadTimeTz(text, out long micros, out int offset)) return false;
        if (offset != 0 || micros > DateTimeText.MicrosPerDay)
        {
            micros = (micros - offset * DateTimeText.MicrosPerSecond) % DateTimeText.MicrosPerDay;
            if (micros < 0) micros += DateTimeText.MicrosPerDay;
        }
        long fraction = micros % DateTimeText.MicrosPerSecond;
        int digits = fraction == 0 ? 0 : DefaultPrecision;
        while (digits > 0 && fraction % 10 == 0) (fraction, digits) = (fraction / 10, digits - 1);
        output.Write((byte)'"');
        WriteClock(ref output, micros, digits);
        output.Write("Z\""u8);
        return true;
    }

    static bool TryWriteInterval(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        if (!IntervalText.TryRead(text, out IntervalText interval)) return false;
        output.Write("\"P"u8);
        Number(ref output, interval.Years, (byte)'Y');
        Number(ref output, interval.Months, (byte)'M');
        Number(ref output, interval.Days, (byte)'D');
        output.Write((byte)'T');
        Number(ref output, interval.Hours, (byte)'H');
        Number(ref output, interval.Minutes, (byte)'M');
        long seconds = Math.Abs(interval.SecondMicros);
        if (interval.SecondMicros < 0) output.Write((byte)'-');
        Write(ref output, seconds / DateTimeText.MicrosPerSecond);
        long fraction = seconds % DateTimeText.MicrosPerSecond;
        if (fraction > 0)
        {
            int digits = DefaultPrecision;
            while (fraction % 10 == 0) (fraction, digits) = (fraction / 10, digits - 1);
            output.Write((byte)'.');
            Digits(ref output, fraction, digits);
        }
        output.Write("S\""u8);
        return true;
    }

    static void WriteClock(ref Utf8Output output, long micros, int digits)
    {
        long seconds = Math.DivRem(micros, DateTimeText.MicrosPerSecond, out long fraction);
        Digits(ref output, seconds / 3600, 2);
        output.Write((byte)':');
        Digits(ref output, seconds / 60 % 60, 2);
        output.Write((byte)':');
        Digits(ref output, seconds % 60, 2);
        if (digits == 0) return;
        for (int left = digits; left < DefaultPrecision; left++) fraction /= 10;
        output.Write((byte)'.');
        Digits(ref output, fraction, digits);
    }

    static void Number(ref Utf8Output output, long value, byte unit)
    {
        Write(ref output, value);
        output.Write(unit);
    }

    static bool Write(ref Utf8Output output, long value)
    {
        value.TryFormat(output.Room(20), out int length, default, CultureInfo.InvariantCulture);
        output.Advance(length);
        return true;
    }

    static void Digits(ref Utf8Output output, long value, int least)
    {
        Span<byte> room = output.Room(20);
        int length = Math.Max(least, DigitCount(value));
        for (int i = length - 1; i >= 0; i--)
        {
            room[i] = (byte)('0' + value % 10);
            value /= 10;
        }
        output.Advance(length);
    }

    static int DigitCount(long value)
    {
        int count = 1;
        while ((value /= 10) > 0) count++;
        return count;
    }
}
