using System.Globalization;
using Cdc.Protocol;

namespace Cdc.Engine.Options;

/// <summary>When a run ends: the meaning of <c>--until</c>.</summary>
public abstract record StopPoint
{
    StopPoint() { }

    /// <summary>Everything committed before the start is durable.</summary>
    public sealed record Now : StopPoint;

    /// <summary>The copy of all tables is durable.</summary>
    public sealed record Snapshot : StopPoint;

    /// <summary>Everything at or before this position is durable.</summary>
    public sealed record Position(CommitTs At) : StopPoint;

    /// <summary>Everything committed before this time is durable.</summary>
    public sealed record Time(DateTimeOffset At) : StopPoint;

    /// <summary>Reads <c>now</c>, <c>snapshot</c>, a position, or a time; a time without an offset is UTC.</summary>
    /// <exception cref="FormatException">It is none of them; the message says what is expected.</exception>
    public static StopPoint Parse(string text)
    {
        if (text == "now") return new Now();
        if (text == "snapshot") return new Snapshot();
        if (ReadPosition(text) is { } position) return new Position(position);
        bool isTime = text.Length >= 10 && text[4] == '-' && DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out _);
        if (isTime)
        {
            return new Time(DateTimeOffset.Parse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal));
        }
        throw new FormatException(
            "now, snapshot, a position such as 00000000016B3748.0000, or a time such as 2026-01-31T12:00:00Z");
    }

    // The pos of a line carries the sequence in the transaction behind the position; it may be pasted as it is.
    static CommitTs? ReadPosition(string text)
    {
        if (text.Length > CommitTs.TextLength && text[CommitTs.TextLength] == '.') text = text[..CommitTs.TextLength];
        return CommitTs.TryParse(text, out CommitTs at) ? at : null;
    }
}
