using System.Buffers;
using Cdc.Engine.Codecs.Text;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs;

/// <summary>What formats in JSON share: how arrays are walked, and where a value that is not what its type says falls
/// back to its text. Holds scratch memory; one thread at a time.</summary>
internal abstract class JsonCells
{
    // Scratch beyond this is given back after the cell that needed it.
    const int ScratchKept = 1 << 20;

    readonly List<byte[]> _unescaped = [];
    readonly Dictionary<CompositeField, byte[]> _fieldNames = new(ReferenceEqualityComparer.Instance);
    ArrayBufferWriter<byte> _nested = new();

    /// <summary>Writes one value.</summary>
    public abstract void Write(ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text);

    /// <summary>Writes a value that stands inside another one. False when that other one must be written as text: this
    /// value would not read back, or is malformed. What was written by then is dropped.</summary>
    protected abstract bool TryWriteInner(
        ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text, int level);

    /// <summary>Whether an element would be taken for something else between the brackets of an array.</summary>
    protected virtual bool IsAmbiguous(ColumnType element, ReadOnlySpan<byte> text) => false;

    /// <summary>Writes an array or composite of a column: by its parts if that works, else as a string.</summary>
    protected void WriteOuter(ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text)
    {
        _nested.ResetWrittenCount();
        Utf8Output nested = new(_nested);
        bool done = TryWriteInner(ref nested, type, text, 0);
        nested.Flush();
        if (done) output.Write(_nested.WrittenSpan);
        else JsonString.Write(ref output, text);
        if (_nested.Capacity > ScratchKept) ForgetScratch();
    }

    protected bool TryWriteArray(ref Utf8Output output, ColumnType element, scoped ReadOnlySpan<byte> text, int level)
    {
        // Arrays of a domain over an array: the inner braces would be taken for one more dimension.
        if (element.Kind == TypeKind.Array) return false;
        ArrayText array = new(text, (byte)element.Delimiter);
        while (true)
        {
            ArrayToken token = array.Next();
            if (token is ArrayToken.Done) return true;
            if (token is ArrayToken.Malformed) return false;
            if (array.HasSibling && token != ArrayToken.End) output.Write((byte)',');
            bool written = token switch
            {
                ArrayToken.Start => WriteByte(ref output, (byte)'['),
                ArrayToken.End => WriteByte(ref output, (byte)']'),
                ArrayToken.Null => WriteNull(ref output),
                _ => TryWriteElement(
                    ref output, element, array.IsQuoted ? Unescape(array.Value, level) : array.Value, level),
            };
            if (!written) return false;
        }
    }

    bool TryWriteElement(ref Utf8Output output, ColumnType element, scoped ReadOnlySpan<byte> text, int level) =>
        !IsAmbiguous(element, text) && TryWriteInner(ref output, element, text, level + 1);

    protected bool TryWriteComposite(ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text, int level)
    {
        CompositeText fields = new(text);
        output.Write((byte)'{');
        for (int i = 0; i < type.Fields.Length; i++)
        {
            if (!fields.MoveNext()) return false;
            if (i > 0) output.Write((byte)',');
            JsonString.Write(ref output, FieldName(type.Fields[i]));
            output.Write((byte)':');
            ReadOnlySpan<byte> value = fields.IsQuoted ? Unescape(fields.Value, level) : fields.Value;
            if (fields.IsNull) output.Write("null"u8);
            else if (!TryWriteInner(ref output, type.Fields[i].Type, value, level + 1)) return false;
        }
        output.Write((byte)'}');
        return fields.IsAtEnd || (type.Fields.IsEmpty && text.SequenceEqual("()"u8));
    }

    static bool WriteByte(ref Utf8Output output, byte value)
    {
        output.Write(value);
        return true;
    }

    static bool WriteNull(ref Utf8Output output)
    {
        output.Write("null"u8);
        return true;
    }

    byte[] FieldName(CompositeField field)
    {
        if (!_fieldNames.TryGetValue(field, out byte[]? name))
            _fieldNames[field] = name = System.Text.Encoding.UTF8.GetBytes(field.Name);
        return name;
    }

    // Each level of nesting has memory of its own, because the outer levels' is still being read.
    ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> quoted, int level)
    {
        if (!Quoted.HasEscapes(quoted)) return quoted;
        while (_unescaped.Count <= level) _unescaped.Add([]);
        if (_unescaped[level].Length < quoted.Length) _unescaped[level] = new byte[Math.Max(256, quoted.Length * 2L)];
        Span<byte> target = _unescaped[level];
        return target[..Quoted.Unescape(quoted, target)];
    }

    void ForgetScratch()
    {
        _nested = new();
        _unescaped.Clear();
    }
}
