using System.Buffers.Binary;

namespace Cdc.Engine.Rows;

/// <summary>One value in the source's own form, valid as long as its batch.</summary>
public readonly ref struct Cell
{
    internal const int NullLength = -1;
    internal const int UnchangedLength = -2;

    readonly int _length;

    internal Cell(int length, ReadOnlySpan<byte> bytes)
    {
        _length = length;
        Bytes = bytes;
    }

    /// <summary>The text of the value (see <see cref="Schemas.TypeKind"/>); empty unless
    /// <see cref="HasValue"/>.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    public bool HasValue => _length >= 0;
    public bool IsNull => _length == NullLength;

    /// <summary>The value did not change and the source did not send it. It is not NULL.</summary>
    public bool IsUnchanged => _length == UnchangedLength;
}

/// <summary>The cells of one image of a row, in the order of the table's columns.</summary>
public readonly ref struct Tuple(ReadOnlySpan<byte> bytes)
{
    readonly ReadOnlySpan<byte> _bytes = bytes;

    public bool IsEmpty => _bytes.IsEmpty;

    /// <summary>The cells as stored, for copying a whole image.</summary>
    public ReadOnlySpan<byte> Raw => _bytes;

    public Enumerator GetEnumerator() => new(_bytes);

    /// <summary>The cell of one column; walks the cells before it.</summary>
    public Cell this[int ordinal]
    {
        get
        {
            Enumerator cells = GetEnumerator();
            for (int i = 0; i <= ordinal; i++) Check.That(cells.MoveNext());
            return cells.Current;
        }
    }

    /// <summary>Walks the cells once, from the first column on.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> _rest = bytes;

        public Cell Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;
            int length = BinaryPrimitives.ReadInt32LittleEndian(_rest);
            int size = Math.Max(length, 0);
            Current = new(length, _rest.Slice(sizeof(int), size));
            _rest = _rest[(sizeof(int) + size)..];
            return true;
        }
    }
}
