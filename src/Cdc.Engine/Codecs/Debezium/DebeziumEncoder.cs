using System.Buffers;
using Cdc.Engine.Ddl;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;
using Tuple = Cdc.Engine.Rows.Tuple;

namespace Cdc.Engine.Codecs.Debezium;

/// <summary>The values that Debezium 3's PostgreSQL connector writes as JSON without schemas, one per line.
/// <c>docs/formats.md</c> says with which settings, and where ours differ.</summary>
public sealed class DebeziumEncoder : IRowEncoder
{
    readonly DebeziumCells _cells = new();
    readonly DebeziumStamp _stamp;
    readonly PerSchema<DebeziumTable> _tables = new(static schema => new(schema));

    /// <param name="name">What a consumer knows the source by: Debezium's <c>topic.prefix</c>.</param>
    /// <param name="database">The source's database.</param>
    public DebeziumEncoder(string name, string database) => _stamp = new(JsonString.Of(name), JsonString.Of(database));

    public string FileExtension => ".json";

    public int Encode(RowBatch batch, IBufferWriter<byte> output)
    {
        Utf8Output lines = new(output);
        DebeziumTable table = _tables.Of(batch.Schema);
        bool messages = ReferenceEquals(batch.Schema, TableSchema.Messages);
        int count = 0;
        int stampIndex = -1;
        foreach (Row row in batch)
        {
            // One step holds rows of a snapshot or of the stream, never both.
            if (row.StampIndex != stampIndex)
            {
                stampIndex = row.StampIndex;
                _stamp.Set(row.Stamp, row.Op == Op.Snapshot);
            }
            if (messages) WriteMessage(ref lines, table, row);
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
        _stamp.Set(truncate.Stamp, isSnapshot: false);
        uint sequence = 0;
        foreach (TableSchema schema in truncate.Tables)
        {
            lines.Write("{\"before\":null,\"after\":null,"u8);
            WriteEnvelope(ref lines, _tables.Of(schema), (byte)'t', sequence++);
        }
        lines.Flush();
        return truncate.Tables.Length;
    }

    /// <summary>The format has no such line.</summary>
    public int Encode(DdlEvent ddl, IBufferWriter<byte> output) => 0;

    public int EncodeCheckpoint(CommitTs at, IBufferWriter<byte> output) => 0;

    int WriteKeyChange(ref Utf8Output output, DebeziumTable table, in Row row)
    {
        output.Write("{\"before\":"u8);
        WriteImage(ref output, table, row.Old);
        output.Write(",\"after\":null,"u8);
        WriteEnvelope(ref output, table, (byte)'d', row.Sequence);
        output.Write("{\"before\":null,\"after\":"u8);
        WriteImage(ref output, table, row.New);
        output.Write((byte)',');
        WriteEnvelope(ref output, table, (byte)'c', row.Sequence + 1);
        return 2;
    }

    void WriteRow(ref Utf8Output output, DebeziumTable table, in Row row)
    {
        output.Write("{\"before\":"u8);
        if (row.OldImage == OldImage.None) output.Write("null"u8);
        else WriteImage(ref output, table, row.Old);
        output.Write(",\"after\":"u8);
        if (row.Op == Op.Delete) output.Write("null"u8);
        else WriteImage(ref output, table, row.New);
        output.Write((byte)',');
        WriteEnvelope(ref output, table, "?rcud"u8[(int)row.Op], row.Sequence);
    }

    void WriteEnvelope(ref Utf8Output output, DebeziumTable table, byte op, uint sequence)
    {
        WriteSource(ref output, table, sequence);
        output.Write(",\"op\":\""u8);
        output.Write(op);
        _stamp.WriteTimes(ref output);
        output.Write("}\n"u8);
    }

    void WriteSource(ref Utf8Output output, DebeziumTable table, uint sequence)
    {
        _stamp.WriteSource(ref output);
        output.Write(table.Names);
        _stamp.WritePosition(ref output, sequence);
    }

    void WriteMessage(ref Utf8Output output, DebeziumTable table, in Row row)
    {
        output.Write("{\"op\":\"m"u8);
        _stamp.WriteMillis(ref output);
        output.Write((byte)',');
        WriteSource(ref output, table, row.Sequence);
        output.Write(",\"message\":{\"prefix\":"u8);
        JsonString.Write(ref output, row.New[0].Bytes);
        output.Write(",\"content\":"u8);
        _cells.Write(ref output, table.Columns[1].Type, row.New[1].Bytes);
        output.Write("}}\n"u8);
    }

    void WriteImage(ref Utf8Output output, DebeziumTable table, scoped Tuple image)
    {
        output.Write((byte)'{');
        int ordinal = 0;
        foreach (Cell cell in image)
        {
            DebeziumColumn column = table.Columns[ordinal];
            output.Write(ordinal == 0 ? column.Label.AsSpan(1) : column.Label);
            if (cell.HasValue) _cells.Write(ref output, column.Type, cell.Bytes);
            else output.Write(cell.IsNull ? "null"u8 : column.Placeholder);
            ordinal++;
        }
        output.Write((byte)'}');
    }
}
