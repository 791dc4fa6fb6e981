using System.Buffers;
using System.Globalization;
using Cdc.Engine.Rows;
using Cdc.Postgres.Wire;
using Tuple = Cdc.Engine.Rows.Tuple;

namespace Cdc.Postgres.Target;

/// <summary>Writes rows as lines of COPY's text format. Cells have the server's own text already, so only what the
/// format gives a meaning is escaped.</summary>
internal static class CopyText
{
    // What one step writes at most: half of what the pipeline gives room for, since a byte may become two.
    const int StepBytes = 16 << 10;

    static readonly SearchValues<byte> s_special = SearchValues.Create("\\\t\n\r"u8);

    /// <summary>Writes a whole row.</summary>
    public static void Line(PgPipeline pipeline, TargetTable table, Tuple tuple)
    {
        int i = 0;
        foreach (Cell cell in tuple)
        {
            if (i > 0) Byte(pipeline, (byte)'\t');
            Cell(pipeline, cell, table.Columns[i++].IsPlain);
        }
        Byte(pipeline, (byte)'\n');
    }

    /// <summary>Writes one cell; what is not there is NULL.</summary>
    public static void Cell(PgPipeline pipeline, Cell cell, bool isPlain)
    {
        if (cell.HasValue) Value(pipeline, cell.Bytes, isPlain);
        else Null(pipeline);
    }

    public static void Value(PgPipeline pipeline, ReadOnlySpan<byte> bytes, bool isPlain)
    {
        if (isPlain || bytes.IndexOfAny(s_special) < 0) Plain(pipeline, bytes);
        else Escaped(pipeline, bytes);
    }

    public static void Null(PgPipeline pipeline)
    {
        Span<byte> room = pipeline.Room(2);
        (room[0], room[1]) = ((byte)'\\', (byte)'N');
        pipeline.Written(2);
    }

    public static void Number(PgPipeline pipeline, int number)
    {
        const int Digits = 11;
        number.TryFormat(pipeline.Room(Digits), out int written, default, CultureInfo.InvariantCulture);
        pipeline.Written(written);
    }

    public static void Byte(PgPipeline pipeline, byte value)
    {
        pipeline.Room(1)[0] = value;
        pipeline.Written(1);
    }

    static void Plain(PgPipeline pipeline, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > StepBytes)
        {
            bytes[..StepBytes].CopyTo(pipeline.Room(StepBytes));
            pipeline.Written(StepBytes);
            bytes = bytes[StepBytes..];
        }
        bytes.CopyTo(pipeline.Room(bytes.Length));
        pipeline.Written(bytes.Length);
    }

    static void Escaped(PgPipeline pipeline, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> step = bytes[..Math.Min(bytes.Length, StepBytes)];
            Span<byte> room = pipeline.Room(2 * StepBytes);
            int written = 0;
            foreach (byte value in step)
            {
                byte letter = value switch
                {
                    (byte)'\\' => (byte)'\\',
                    (byte)'\t' => (byte)'t',
                    (byte)'\n' => (byte)'n',
                    (byte)'\r' => (byte)'r',
                    _ => 0,
                };
                if (letter != 0) room[written++] = (byte)'\\';
                room[written++] = letter != 0 ? letter : value;
            }
            pipeline.Written(written);
            bytes = bytes[step.Length..];
        }
    }
}
