using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Decoding;

/// <summary>The cells of one image of a row in a message: a count, then per cell its kind, and for a text its length
/// and bytes.</summary>
/// <remarks>Every method takes the message and an offset in it and returns the offset behind the tuple.</remarks>
internal static class TupleBytes
{
    const int CountBytes = sizeof(short);
    const int TextHeadBytes = 1 + sizeof(int);

    /// <summary>Writes the cells as they come. The hot one: nothing is kept, nothing compared.</summary>
    public static int Copy(ReadOnlySpan<byte> message, int offset, int columns, RowWriter writer, out bool hasUnchanged)
    {
        offset = Start(message, offset, columns);
        hasUnchanged = false;
        for (int i = 0; i < columns; i++)
        {
            // Most cells are texts; one comparison covers that their head is there.
            if (message.Length - offset >= TextHeadBytes && message[offset] == CellRange.Text)
            {
                int length = BinaryPrimitives.ReadInt32BigEndian(message[(offset + 1)..]);
                offset += TextHeadBytes;
                if ((uint)length > (uint)(message.Length - offset)) throw Torn();
                writer.Value(message.Slice(offset, length));
                offset += length;
                continue;
            }
            CellRange cell = Next(message, ref offset);
            if (cell.Kind == CellRange.Null) writer.Null();
            else
            {
                writer.Unchanged();
                hasUnchanged = true;
            }
        }
        return offset;
    }

    /// <summary>Notes where the cells lie.</summary>
    public static int Scan(ReadOnlySpan<byte> message, int offset, Span<CellRange> cells)
    {
        offset = Start(message, offset, cells.Length);
        for (int i = 0; i < cells.Length; i++) cells[i] = Next(message, ref offset);
        return offset;
    }

    /// <summary>Writes one cell that <see cref="Scan"/> has found.</summary>
    public static void Write(ReadOnlySpan<byte> message, CellRange cell, RowWriter writer)
    {
        switch (cell.Kind)
        {
            case CellRange.Null: writer.Null(); break;
            case CellRange.Unchanged: writer.Unchanged(); break;
            default: writer.Value(message.Slice(cell.Start, cell.Length)); break;
        }
    }

    /// <summary>Whether both hold the same bytes. A cell that was not sent did not change.</summary>
    public static bool AreEqual(ReadOnlySpan<byte> message, CellRange old, CellRange @new)
    {
        if (@new.Kind == CellRange.Unchanged || old.Kind == CellRange.Unchanged) return true;
        if (@new.Kind != old.Kind) return false;
        return message.Slice(old.Start, old.Length).SequenceEqual(message.Slice(@new.Start, @new.Length));
    }

    static int Start(ReadOnlySpan<byte> message, int offset, int columns)
    {
        if (message.Length - offset < CountBytes) throw Torn();
        int count = BinaryPrimitives.ReadInt16BigEndian(message[offset..]);
        if (count != columns) throw PgMessageReader.Violation("a row does not have its relation's number of columns");
        return offset + CountBytes;
    }

    static CellRange Next(ReadOnlySpan<byte> message, ref int offset)
    {
        if (offset >= message.Length) throw Torn();
        byte kind = message[offset++];
        switch (kind)
        {
            case CellRange.Text:
                if (message.Length - offset < sizeof(int)) throw Torn();
                int length = BinaryPrimitives.ReadInt32BigEndian(message[offset..]);
                int start = offset + sizeof(int);
                if ((uint)length > (uint)(message.Length - start)) throw Torn();
                offset = start + length;
                return new(kind, start, length);
            case CellRange.Null or CellRange.Unchanged:
                return new(kind, offset, 0);
            case (byte)'b':
                throw PgMessageReader.Violation("a value came in binary form, which was not asked for");
            default:
                throw PgMessageReader.Violation("a value is of an unknown kind");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static CdcException Torn() => PgMessageReader.Violation("a row ends in the middle of a value");
}
