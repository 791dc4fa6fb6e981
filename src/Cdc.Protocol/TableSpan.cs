namespace Cdc.Protocol;

/// <summary>A half-open interval <c>[From, To)</c> of the 32-bit hash of a table's canonical primary key.</summary>
/// <remarks>An unsplit table is <see cref="Whole"/>. <c>To</c> may be 2³², which is why it is wider than a
/// hash.</remarks>
public readonly record struct TableSpan
{
    /// <summary>One past the largest hash.</summary>
    public const ulong HashEnd = 1UL << 32;

    /// <exception cref="ArgumentOutOfRangeException">The interval is empty or leaves the range of the hash.</exception>
    public TableSpan(TableId table, uint from, ulong to)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(to, from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, HashEnd);
        (Table, From, To) = (table, from, to);
    }

    public TableId Table { get; }
    public uint From { get; }
    public ulong To { get; }

    /// <summary>Every row of every table: the one span of the ordered pipeline.</summary>
    public static TableSpan Everything => Whole(TableId.Every);

    public static TableSpan Whole(TableId table) => new(table, 0, HashEnd);

    public bool IsWhole => From == 0 && To == HashEnd;

    public bool Contains(uint hash) => hash >= From && hash < To;

    public bool Overlaps(TableSpan other) => Table == other.Table && From < other.To && other.From < To;

    public override string ToString() => IsWhole ? $"{Table}" : $"{Table}[{From:X8},{To:X8})";
}
