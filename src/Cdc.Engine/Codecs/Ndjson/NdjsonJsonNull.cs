using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Tuple = Cdc.Engine.Rows.Tuple;

namespace Cdc.Engine.Codecs.Ndjson;

/// <summary>Names the columns whose <c>null</c> is the JSON value null and not NULL: nothing else tells the two
/// apart.</summary>
internal static class NdjsonJsonNull
{
    public static void Write(ref Utf8Output output, NdjsonTable table, scoped Tuple before, scoped Tuple after)
    {
        bool inBefore = Contains(table, before);
        bool inAfter = Contains(table, after);
        if (!inBefore && !inAfter) return;
        output.Write(",\"jsonNull\":{"u8);
        if (inBefore) WriteNames(ref output, table, before, "\"before\":["u8);
        if (inBefore && inAfter) output.Write((byte)',');
        if (inAfter) WriteNames(ref output, table, after, "\"after\":["u8);
        output.Write((byte)'}');
    }

    static bool Contains(NdjsonTable table, scoped Tuple image)
    {
        int ordinal = 0;
        foreach (Cell cell in image)
        {
            if (Is(table.Columns[ordinal++], cell)) return true;
        }
        return false;
    }

    static void WriteNames(
        ref Utf8Output output, NdjsonTable table, scoped Tuple image, scoped ReadOnlySpan<byte> label)
    {
        output.Write(label);
        bool first = true;
        int ordinal = 0;
        foreach (Cell cell in image)
        {
            NdjsonColumn column = table.Columns[ordinal++];
            if (!Is(column, cell)) continue;
            if (!first) output.Write((byte)',');
            output.Write(column.Name);
            first = false;
        }
        output.Write((byte)']');
    }

    static bool Is(NdjsonColumn column, Cell cell) =>
        column.Type.Kind == TypeKind.Json && cell.HasValue && JsonDocumentText.IsNull(cell.Bytes);
}
