using System.Buffers.Binary;
using System.Text;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Decoding;

/// <summary>Writes INSERT, UPDATE, DELETE and logical messages as rows. Nothing is allocated for one of them.</summary>
internal sealed class RowMessages(RowWriter writer, Relations relations)
{
    // Letter, number of the table, letter of the first image.
    const int HeadBytes = 1 + sizeof(uint) + 1;
    const byte KeyImage = (byte)'K';
    const byte OldRowImage = (byte)'O';
    const byte NewImage = (byte)'N';

    public static CdcException Undescribed() => PgMessageReader.Violation("a change of a table that was not described");

    public void Insert(ReadOnlySpan<byte> message)
    {
        (Relation relation, byte image) = Head(message);
        if (image != NewImage) throw PgMessageReader.Violation("an INSERT has no new row");
        if (!relation.IsCaptured) return;

        writer.StartRow(relation.Schema, Op.Insert);
        int end = TupleBytes.Copy(message, HeadBytes, relation.ColumnCount, writer, out bool hasUnchanged);
        End(message, end);
        writer.EndRow(OldImage.None, hasUnchanged ? RowFlags.HasUnchanged : RowFlags.None);
    }

    public void Update(ReadOnlySpan<byte> message)
    {
        (Relation relation, byte image) = Head(message);
        if (!relation.IsCaptured) return;
        if (image != NewImage)
        {
            UpdateWithOld(message, relation, OldKind(image));
            return;
        }
        writer.StartRow(relation.Schema, Op.Update);
        int end = TupleBytes.Copy(message, HeadBytes, relation.ColumnCount, writer, out bool hasUnchanged);
        End(message, end);
        writer.EndRow(OldImage.None, hasUnchanged ? RowFlags.HasUnchanged : RowFlags.None);
    }

    public void Delete(ReadOnlySpan<byte> message)
    {
        (Relation relation, byte image) = Head(message);
        OldImage kind = OldKind(image);
        if (!relation.IsCaptured) return;

        writer.StartRow(relation.Schema, Op.Delete);
        int end = TupleBytes.Copy(message, HeadBytes, relation.ColumnCount, writer, out _);
        End(message, end);
        writer.StartNewImage();
        writer.EndRow(kind);
    }

    public void Message(string prefix, ReadOnlySpan<byte> content)
    {
        writer.StartRow(TableSchema.Messages, Op.Message);
        Encoding.UTF8.GetBytes(prefix, writer.Value(Encoding.UTF8.GetByteCount(prefix)));
        Span<byte> hex = writer.Value(checked(2 + 2 * content.Length));
        "\\x"u8.CopyTo(hex);
        Convert.TryToHexStringLower(content, hex[2..], out _);
        writer.EndRow();
    }

    void UpdateWithOld(ReadOnlySpan<byte> message, Relation relation, OldImage kind)
    {
        int offset = TupleBytes.Scan(message, HeadBytes, relation.OldCells);
        if (offset >= message.Length || message[offset] != NewImage)
            throw PgMessageReader.Violation("an UPDATE has no new row");
        End(message, TupleBytes.Scan(message, offset + 1, relation.NewCells));

        writer.StartRow(relation.Schema, Op.Update);
        foreach (CellRange cell in relation.OldCells) TupleBytes.Write(message, cell, writer);
        writer.StartNewImage();
        bool hasUnchanged = WriteNew(message, relation, kind);
        RowFlags flags = hasUnchanged ? RowFlags.HasUnchanged : RowFlags.None;
        if (IsKeyChanged(message, relation)) flags |= RowFlags.KeyChanged;
        writer.EndRow(kind, flags);
    }

    // What did not change and was not sent is in the old image, as far as that goes.
    bool WriteNew(ReadOnlySpan<byte> message, Relation relation, OldImage kind)
    {
        bool hasUnchanged = false;
        for (int i = 0; i < relation.NewCells.Length; i++)
        {
            CellRange cell = relation.NewCells[i];
            bool isInOld = kind == OldImage.Full || relation.IsIdentity[i];
            if (cell.Kind == CellRange.Unchanged && isInOld) cell = relation.OldCells[i];
            hasUnchanged |= cell.Kind == CellRange.Unchanged;
            TupleBytes.Write(message, cell, writer);
        }
        return hasUnchanged;
    }

    // A key image comes with a changed key, and also with a key that is stored out of line.
    static bool IsKeyChanged(ReadOnlySpan<byte> message, Relation relation)
    {
        foreach (int ordinal in relation.Key)
        {
            if (!TupleBytes.AreEqual(message, relation.OldCells[ordinal], relation.NewCells[ordinal])) return true;
        }
        return false;
    }

    (Relation Relation, byte Image) Head(ReadOnlySpan<byte> message)
    {
        if (message.Length < HeadBytes) throw PgMessageReader.Violation("a change ends before its row");
        uint oid = BinaryPrimitives.ReadUInt32BigEndian(message[1..]);
        return (relations.Find(oid) ?? throw Undescribed(), message[HeadBytes - 1]);
    }

    static OldImage OldKind(byte image) => image switch
    {
        KeyImage => OldImage.Key,
        OldRowImage => OldImage.Full,
        _ => throw PgMessageReader.Violation("a change has an image of an unknown kind"),
    };

    static void End(ReadOnlySpan<byte> message, int end)
    {
        if (end != message.Length) throw PgMessageReader.Violation("a change is longer than its row");
    }
}
