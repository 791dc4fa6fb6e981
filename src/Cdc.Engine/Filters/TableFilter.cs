using System.Buffers.Binary;
using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Filters;

/// <summary>What is left out of one version of one table.</summary>
sealed class TableFilter
{
    readonly DroppedOps _dropped;
    readonly ImmutableArray<bool> _kept;

    public TableFilter(
        TableSchema schema, ImmutableArray<bool> kept, TableDefinition? definition, DroppedOps dropped)
    {
        (_kept, _dropped) = (kept, dropped);
        DropsColumns = kept.Contains(false);
        Schema = schema;
        if (DropsColumns) Schema = Without(Schema, kept);
        if (!Equals(definition, schema.Definition)) Schema = Schema with { Definition = definition };
    }

    /// <summary>The table without the columns that are left out.</summary>
    public TableSchema Schema { get; }

    public bool DropsTruncate => (_dropped & DroppedOps.Truncate) != 0;
    public bool IsEmpty => _dropped == DroppedOps.None && !DropsColumns;

    /// <summary>Whether rows have fewer cells than they came with.</summary>
    public bool DropsColumns { get; }

    /// <summary>The batch itself if everything in it stays, a smaller copy, or null if nothing stays.</summary>
    public RowBatch? Rebuild(RowBatch batch, RowBlockPool pool)
    {
        int rows = CountKept(batch);
        if (rows == 0) return null;
        if (rows == batch.Count && !DropsColumns) return batch;

        RowBlock block = pool.Take(batch.ByteCount);
        (int position, int first, int last) = (0, -1, -1);
        foreach (Row row in batch)
        {
            if (!Keeps(row.Op)) continue;
            Span<byte> target = block.Memory.AsSpan(position);
            position += DropsColumns ? Narrow(row, target) : Copy(row, target);
            if (first < 0) first = row.StampIndex;
            last = row.StampIndex;
        }
        // Stamps are shared with the batch it came from: they do not change once a transaction is committed.
        RowBatch rebuilt = new(Schema, block, ..position, rows, batch.Stamps, first..(last + 1));
        block.Release();
        return rebuilt;
    }

    bool Keeps(Op op) => (_dropped & OpsRule.Of(op)) == 0;

    int CountKept(RowBatch batch)
    {
        if (_dropped == DroppedOps.None) return batch.Count;
        int kept = 0;
        foreach (Row row in batch)
        {
            if (Keeps(row.Op)) kept++;
        }
        return kept;
    }

    static int Copy(Row row, Span<byte> target)
    {
        row.Raw.CopyTo(target);
        return row.Raw.Length;
    }

    int Narrow(Row row, Span<byte> target)
    {
        row.Raw[..Row.HeaderSize].CopyTo(target);
        int old = Narrow(row.Old, target[Row.HeaderSize..], out _);
        int length = Row.HeaderSize + old;
        length += Narrow(row.New, target[length..], out bool unchanged);
        RowFlags flags = (row.Flags & ~RowFlags.HasUnchanged) | (unchanged ? RowFlags.HasUnchanged : RowFlags.None);
        BinaryPrimitives.WriteInt32LittleEndian(target, length);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], old);
        target[18] = (byte)flags;
        return length;
    }

    int Narrow(Rows.Tuple image, Span<byte> target, out bool hasUnchanged)
    {
        (int ordinal, int length) = (0, 0);
        hasUnchanged = false;
        foreach (Cell cell in image)
        {
            if (!_kept[ordinal++]) continue;
            hasUnchanged |= cell.IsUnchanged;
            int marker = cell.HasValue ? cell.Bytes.Length : cell.IsNull ? Cell.NullLength : Cell.UnchangedLength;
            BinaryPrimitives.WriteInt32LittleEndian(target[length..], marker);
            cell.Bytes.CopyTo(target[(length + sizeof(int))..]);
            length += sizeof(int) + cell.Bytes.Length;
        }
        return length;
    }

    static TableSchema Without(TableSchema schema, ImmutableArray<bool> kept)
    {
        int[] moved = new int[schema.Columns.Length];
        for (int i = 0, next = 0; i < moved.Length; i++) moved[i] = kept[i] ? next++ : -1;
        return schema with
        {
            Columns = [.. schema.Columns.Where((_, ordinal) => kept[ordinal])],
            Key = [.. schema.Key.Select(ordinal => moved[ordinal])],
        };
    }
}
