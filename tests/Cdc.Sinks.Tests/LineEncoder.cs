using System.Buffers;
using System.Globalization;
using System.Text;
using Cdc.Engine.Codecs;
using Cdc.Engine.Ddl;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Sinks.Tests;

/// <summary>One line per row, <c>position.sequence table value</c>: all a sink's test needs to see.</summary>
internal sealed class LineEncoder : IRowEncoder
{
    public const string Checkpoint = "checkpoint";

    public string FileExtension => ".lines";

    public static string Line(CommitTs at, uint sequence, TableSchema table, string value) =>
        string.Create(CultureInfo.InvariantCulture, $"{at}.{sequence:X8} {table.Name} {value}");

    public static string Line(TruncateEvent truncate, TableSchema table) =>
        Line(truncate.Stamp.Ts, 0, table, "truncate");

    public int Encode(RowBatch batch, IBufferWriter<byte> output)
    {
        int lines = 0;
        foreach (Row row in batch)
        {
            string value = Encoding.UTF8.GetString(row.New[0].Bytes);
            Write(Line(row.Stamp.Ts, row.Sequence, batch.Schema, value), output);
            lines++;
        }
        return lines;
    }

    public int Encode(TruncateEvent truncate, IBufferWriter<byte> output)
    {
        foreach (TableSchema table in truncate.Tables) Write(Line(truncate, table), output);
        return truncate.Tables.Length;
    }

    public int Encode(DdlEvent ddl, IBufferWriter<byte> output) => 0;

    public int EncodeCheckpoint(CommitTs at, IBufferWriter<byte> output)
    {
        Write($"{Checkpoint} {at}", output);
        return 1;
    }

    static void Write(string line, IBufferWriter<byte> output) => output.Write(Encoding.UTF8.GetBytes(line + "\n"));
}
