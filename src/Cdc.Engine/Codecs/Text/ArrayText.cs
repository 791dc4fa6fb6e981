namespace Cdc.Engine.Codecs.Text;

/// <summary>What <see cref="ArrayText"/> finds next.</summary>
internal enum ArrayToken
{
    /// <summary>An opening brace: the array, or one dimension of it.</summary>
    Start,
    End,
    /// <summary>A value: <see cref="ArrayText.Value"/>.</summary>
    Element,
    Null,
    /// <summary>The array ended, and the text with it.</summary>
    Done,
    /// <summary>The text is not an array's, or one with lower bounds of its own.</summary>
    Malformed,
}

/// <summary>Reads the text form of a PostgreSQL array, <c>{{1,2},{3,NULL}}</c>, token by token.</summary>
internal ref struct ArrayText(ReadOnlySpan<byte> text, byte delimiter)
{
    /// <summary>More dimensions than PostgreSQL allows are not an array of it.</summary>
    const int DimensionsMax = 6;

    ReadOnlySpan<byte> _rest = text;
    int _depth;
    bool _afterValue;

    /// <summary>The element's bytes between its quotes, if it has any.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Whether the element stood in quotes; then it must go through <see cref="Quoted.Unescape"/>.</summary>
    public bool IsQuoted { get; private set; }

    /// <summary>Whether this element or dimension has one before it in the same braces.</summary>
    public bool HasSibling { get; private set; }

    public ArrayToken Next()
    {
        if (_depth == 0) return First();
        HasSibling = _afterValue;
        if (_rest.IsEmpty) return ArrayToken.Malformed;
        if (_rest[0] == '}') return Close();
        if (_afterValue)
        {
            if (_rest[0] != delimiter || _rest.Length == 1) return ArrayToken.Malformed;
            _rest = _rest[1..];
        }
        return _rest[0] switch
        {
            (byte)'{' => Open(),
            (byte)'"' => ReadQuoted(),
            _ => ReadBare(),
        };
    }

    ArrayToken First()
    {
        if (_afterValue) return _rest.IsEmpty ? ArrayToken.Done : ArrayToken.Malformed;
        return !_rest.IsEmpty && _rest[0] == '{' ? Open() : ArrayToken.Malformed;
    }

    ArrayToken Open()
    {
        if (++_depth > DimensionsMax) return ArrayToken.Malformed;
        _rest = _rest[1..];
        _afterValue = false;
        return ArrayToken.Start;
    }

    ArrayToken Close()
    {
        _depth--;
        _rest = _rest[1..];
        _afterValue = true;
        return ArrayToken.End;
    }

    ArrayToken ReadQuoted()
    {
        int end = Quoted.End(_rest);
        if (end < 0) return ArrayToken.Malformed;
        Value = _rest[1..end];
        IsQuoted = _afterValue = true;
        _rest = _rest[(end + 1)..];
        return ArrayToken.Element;
    }

    ArrayToken ReadBare()
    {
        int end = _rest.IndexOfAny(delimiter, (byte)'}');
        if (end <= 0) return ArrayToken.Malformed;
        Value = _rest[..end];
        if (Value.IndexOfAny((byte)'"', (byte)'{', (byte)'\\') >= 0) return ArrayToken.Malformed;
        IsQuoted = false;
        _afterValue = true;
        _rest = _rest[end..];
        return Value.SequenceEqual("NULL"u8) ? ArrayToken.Null : ArrayToken.Element;
    }
}
