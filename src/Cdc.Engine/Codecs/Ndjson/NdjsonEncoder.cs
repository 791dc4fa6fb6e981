using System.Buffers;
using Cdc.Engine.Ddl;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using Tuple = Cdc.Engine.Rows.Tuple;

namespace Cdc.Engine.Codecs.Ndjson;

/// <summary>Our own format: one JSON object per line. <c>docs/formats.md</c> is its contract.</summary>
public sealed class NdjsonEncoder : IRowEncoder
{
    readonly NdjsonCells _cells = new();
    readonly NdjsonStamp _stamp = new();
    readonly PerSchema<NdjsonTable> _tables = new(static schema => new(schema));

    public string FileExtension => ".ndjson";

    public int Encode(RowBatch batch, IBufferWriter<byte> output)
    {
        Utf8Output lines = new(output);
        NdjsonTable table = _tables.Of(batch.Schema);
        bool messages = ReferenceEquals(batch.Schema, TableSchema.Messages);
        int count = 0;
        int stampIndex = -1;
        foreach (Row row in batch)
        {
            if (row.StampIndex != stampIndex)
            {
                stampIndex = row.StampIndex;
                _stamp.Set(row.Stamp);
            }
            if (messages) NdjsonMessage.Write(ref lines, _stamp, row);
            else if (KeyChange.IsSplit(row)) count += WriteKeyChange(ref lines, table, row) - 1;
            else WriteRow(ref lines, table, row);
            count++;
        }
        lines.Flush();
        return count;
    }

    public int Encode(TruncateEvent truncate, IBufferWriter<byte> output)
    {
        Utf8Output lines = new(output);
        _stamp.Set(truncate.Stamp);
        uint sequence = 0;
        foreach (TableSchema schema in truncate.Tables)
        {
            _stamp.WriteBefore(ref lines, sequence++);
            lines.Write(_tables.Of(schema).Truncate);
            _stamp.WriteAfter(ref lines);
            lines.Write("}\n"u8);
        }
        lines.Flush();
        return truncate.Tables.Length;
    }

    public int Encode(DdlEvent ddl, IBufferWriter<byte> output) => 0;

    public int EncodeCheckpoint(CommitTs at, IBufferWriter<byte> output)
    {
        Utf8Output lines = new(output);
        NdjsonStamp.WriteEnd(ref lines, at);
        lines.Write("\",\"op\":\"checkpoint\"}\n"u8);
        lines.Flush();
        return 1;
    }

    int WriteKeyChange(ref Utf8Output output, NdjsonTable table, in Row row)
    {
        WriteHead(ref output, table, Op.Delete, row.Sequence);
        WriteKey(ref output, table, row.Old, default);
        output.Write(",\"before\":"u8);
        WriteOld(ref output, table, row);
        output.Write(",\"after\":null"u8);
        if (table.HasJson) NdjsonJsonNull.Write(ref output, table, row.Old, default);
        output.Write("}\n"u8);

        WriteHead(ref output, table, Op.Insert, row.Sequence + 1);
        WriteKey(ref output, table, row.New, default);
        output.Write(",\"before\":null,\"after\":"u8);
        WriteImage(ref output, table, row.New);
        if (table.HasJson) NdjsonJsonNull.Write(ref output, table, default, row.New);
        output.Write("}\n"u8);
        return 2;
    }

    void WriteRow(ref Utf8Output output, NdjsonTable table, in Row row)
    {
        WriteHead(ref output, table, row.Op, row.Sequence);
        WriteKey(ref output, table, row.Keyed, row.Op == Op.Delete ? default : row.Old);
        output.Write(",\"before\":"u8);
        if (row.OldImage == OldImage.None) output.Write("null"u8);
        else WriteOld(ref output, table, row);
        output.Write(",\"after\":"u8);
        if (row.Op == Op.Delete) output.Write("null"u8);
        else WriteImage(ref output, table, row.New);
        if ((row.Flags & RowFlags.HasUnchanged) != 0) WriteUnchanged(ref output, table, row.New);
        if (table.HasJson) NdjsonJsonNull.Write(ref output, table, row.Old, row.New);
        output.Write("}\n"u8);
    }

    void WriteHead(ref Utf8Output output, NdjsonTable table, Op op, uint sequence)
    {
        _stamp.WriteBefore(ref output, sequence);
        output.Write(table.Head(op));
        _stamp.WriteAfter(ref output);
    }

    // A key's value that is too long to be sent again unchanged is in the old image.
    void WriteKey(ref Utf8Output output, NdjsonTable table, scoped Tuple named, scoped Tuple old)
    {
        if (table.Key.IsEmpty)
        {
            output.Write(",\"key\":null"u8);
            return;
        }
        output.Write(",\"key\":"u8);
        bool first = true;
        foreach (int ordinal in table.Key)
        {
            Cell cell = named[ordinal];
            if (cell.IsUnchanged && !old.IsEmpty) cell = old[ordinal];
            WriteCell(ref output, table.Columns[ordinal], cell, ref first);
        }
        EndObject(ref output, first);
    }

    void WriteOld(ref Utf8Output output, NdjsonTable table, in Row row)
    {
        if (row.OldImage == OldImage.Full) WriteImage(ref output, table, row.Old);
        else WriteIdentity(ref output, table, row.Old);
    }

    void WriteImage(ref Utf8Output output, NdjsonTable table, scoped Tuple image)
    {
        bool first = true;
        int ordinal = 0;
        NdjsonColumn[] columns = table.Columns;
        foreach (Cell cell in image) WriteCell(ref output, columns[ordinal++], cell, ref first);
        EndObject(ref output, first);
    }

    void WriteIdentity(ref Utf8Output output, NdjsonTable table, scoped Tuple image)
    {
        bool first = true;
        int ordinal = 0;
        foreach (Cell cell in image)
        {
            NdjsonColumn column = table.Columns[ordinal++];
            if (column.IsIdentity) WriteCell(ref output, column, cell, ref first);
        }
        EndObject(ref output, first);
    }

    void WriteCell(ref Utf8Output output, NdjsonColumn column, scoped Cell cell, ref bool first)
    {
        if (cell.IsUnchanged) return;
        if (first)
        {
            output.Write((byte)'{');
            output.Write(column.Label.AsSpan(1));
            first = false;
        }
        else
        {
            output.Write(column.Label);
        }
        if (cell.IsNull) output.Write("null"u8);
        else _cells.Write(ref output, column.Type, cell.Bytes);
    }

    static void EndObject(ref Utf8Output output, bool empty) => output.Write(empty ? "{}"u8 : "}"u8);

    static void WriteUnchanged(ref Utf8Output output, NdjsonTable table, scoped Tuple image)
    {
        output.Write(",\"unchanged\":"u8);
        byte next = (byte)'[';
        int ordinal = 0;
        foreach (Cell cell in image)
        {
            NdjsonColumn column = table.Columns[ordinal++];
            if (!cell.IsUnchanged) continue;
            output.Write(next);
            output.Write(column.Name);
            next = (byte)',';
        }
        output.Write(next == '[' ? "[]"u8 : "]"u8);
    }
}
