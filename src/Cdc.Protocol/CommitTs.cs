using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Cdc.Protocol;

/// <summary>A place in the source's total commit order: the transaction, and the step in it.</summary>
/// <remarks>
/// <para><c>Commit</c> is an <em>end</em> position: PostgreSQL, the end LSN of the commit record; MariaDB, binlog file
/// and end offset. Every other position such a server names is an end as well, so all of them compare directly.</para>
/// <para><c>Step</c> cuts a transaction at each DDL (TRUNCATE counts): rows 0, the first DDL 1, rows after it 2, and so
/// on. Rows, DDL and syncpoints therefore never share a CommitTs, and the steps are the same on every replay.</para>
/// <para>Snapshot rows use the upper half of the steps, so that they sort after everything that the snapshot
/// contains.</para>
/// </remarks>
public readonly record struct CommitTs(ulong Commit, uint Step)
    : IComparable<CommitTs>, ISpanFormattable, IUtf8SpanFormattable
{
    /// <summary>The largest step; <see cref="End"/> uses it.</summary>
    public const uint MaxStep = 0xFFFF;

    /// <summary>The first step of snapshot rows. Steps of the stream stay below it.</summary>
    public const uint FirstSnapshotStep = 0x8000;

    /// <summary>The number of characters of the printed form, which has a fixed width and sorts as text.</summary>
    public const int TextLength = 21;

    /// <summary>Before everything.</summary>
    public static CommitTs Zero => default;

    /// <summary>Everything of the transaction that ends at <paramref name="commit"/>, and all before it.</summary>
    public static CommitTs End(ulong commit) => new(commit, MaxStep);

    /// <summary>The largest CommitTs smaller than this one.</summary>
    /// <exception cref="InvalidOperationException">This is <see cref="Zero"/>.</exception>
    public CommitTs Previous =>
        Step > 0 ? new(Commit, Step - 1)
        : Commit > 0 ? End(Commit - 1)
        : throw new InvalidOperationException("Nothing comes before the first position.");

    /// <summary>Whether the whole transaction lies at or before this position.</summary>
    public bool IsEnd => Step == MaxStep;

    /// <summary>The largest commit that lies wholly at or before this position, for comparing with what a place in the
    /// source's log was moved to.</summary>
    /// <remarks>It is no position to tell a server: below the end of a commit it is a number inside the commit record,
    /// and PostgreSQL skips every transaction whose commit record begins before the number it is told.</remarks>
    public ulong CompleteCommit => IsEnd || Commit == 0 ? Commit : Commit - 1;

    public int CompareTo(CommitTs other)
    {
        int byCommit = Commit.CompareTo(other.Commit);
        return byCommit != 0 ? byCommit : Step.CompareTo(other.Step);
    }

    public static bool operator <(CommitTs left, CommitTs right) => left.CompareTo(right) < 0;
    public static bool operator >(CommitTs left, CommitTs right) => left.CompareTo(right) > 0;
    public static bool operator <=(CommitTs left, CommitTs right) => left.CompareTo(right) <= 0;
    public static bool operator >=(CommitTs left, CommitTs right) => left.CompareTo(right) >= 0;

    public static CommitTs Max(CommitTs left, CommitTs right) => left >= right ? left : right;
    public static CommitTs Min(CommitTs left, CommitTs right) => left <= right ? left : right;

    /// <summary>The printed form, <c>00000000016B3748.0000</c>.</summary>
    public override string ToString() =>
        string.Create(TextLength, this, static (span, ts) => ts.TryFormat(span, out _, default, null));

    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    public bool TryFormat(
        Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        charsWritten = 0;
        if (destination.Length < TextLength) return false;
        Commit.TryFormat(destination, out _, "X16", CultureInfo.InvariantCulture);
        destination[16] = '.';
        Step.TryFormat(destination[17..], out _, "X4", CultureInfo.InvariantCulture);
        charsWritten = TextLength;
        return true;
    }

    public bool TryFormat(
        Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        bytesWritten = 0;
        if (utf8Destination.Length < TextLength) return false;
        Commit.TryFormat(utf8Destination, out _, "X16", CultureInfo.InvariantCulture);
        utf8Destination[16] = (byte)'.';
        Step.TryFormat(utf8Destination[17..], out _, "X4", CultureInfo.InvariantCulture);
        bytesWritten = TextLength;
        return true;
    }

    /// <summary>Reads the printed form back; anything else is refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out CommitTs ts)
    {
        ts = default;
        if (text is not { Length: TextLength } || text[16] != '.') return false;
        const NumberStyles Hex = NumberStyles.AllowHexSpecifier;
        if (!ulong.TryParse(text.AsSpan(0, 16), Hex, CultureInfo.InvariantCulture, out ulong commit)) return false;
        if (!uint.TryParse(text.AsSpan(17), Hex, CultureInfo.InvariantCulture, out uint step)) return false;
        ts = new(commit, step);
        return true;
    }

    /// <summary>Reads the printed form back.</summary>
    /// <exception cref="FormatException">The text is not a printed CommitTs.</exception>
    public static CommitTs Parse(string text) =>
        TryParse(text, out CommitTs ts)
            ? ts
            : throw new FormatException("Not a position such as 00000000016B3748.0000.");
}
