using Cdc.Engine.Rows;

namespace Cdc.Engine.Codecs;

/// <summary>An update that gives a row another key.</summary>
static class KeyChange
{
    /// <summary>Whether it is written as a delete and an insert, one line each. With unchanged values the new row can't
    /// stand alone, so that change stays one line.</summary>
    public static bool IsSplit(in Row row) =>
        row.Op == Op.Update && (row.Flags & (RowFlags.KeyChanged | RowFlags.HasUnchanged)) == RowFlags.KeyChanged
        && row.OldImage != OldImage.None;
}
