using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>One change of one key. A key is its own hash, so that splits cut between keys.</summary>
/// <param name="Value">Unique in the run; 0: the row is deleted.</param>
/// <param name="Shape">The table's shape that it was written under.</param>
public readonly record struct RowChange(TableId Table, uint Key, ulong Value, uint Shape)
{
    const int UniqueShift = 56;

    /// <summary>What a unique column of a row with this value holds.</summary>
    public static byte UniqueOf(ulong value) => (byte)(value >> UniqueShift);

    public static ulong WithUnique(ulong value, byte unique) =>
        (value & ((1UL << UniqueShift) - 1)) | ((ulong)unique << UniqueShift);
}
