namespace Cdc.Engine.Codecs.Text;

/// <summary>Reads the text form of a PostgreSQL composite, <c>(1,"a b",)</c>, field by field.</summary>
internal ref struct CompositeText
{
    ReadOnlySpan<byte> _rest;

    public CompositeText(ReadOnlySpan<byte> text)
    {
        IsMalformed = text.Length < 2 || text[0] != '(';
        _rest = IsMalformed ? [] : text[1..];
    }

    /// <summary>The text is not a composite's; nothing more can be read.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The closing parenthesis was read, and nothing follows it.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>The field's bytes between its quotes, if it has any.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Whether the field stood in quotes; then it must go through <see cref="Quoted.Unescape"/>.</summary>
    public bool IsQuoted { get; private set; }

    /// <summary>Nothing at all between two commas is NULL.</summary>
    public bool IsNull { get; private set; }

    /// <summary>Reads one field and what ends it. False when there is none, or the text is malformed.</summary>
    public bool MoveNext()
    {
        if (IsMalformed || IsAtEnd) return false;
        IsQuoted = !_rest.IsEmpty && _rest[0] == '"';
        int end = IsQuoted ? Quoted.End(_rest) : _rest.IndexOfAny((byte)',', (byte)')');
        if (end < 0) return Fail();
        Value = IsQuoted ? _rest[1..end] : _rest[..end];
        IsNull = !IsQuoted && end == 0;
        if (!IsQuoted && Value.IndexOfAny((byte)'"', (byte)'\\', (byte)'(') >= 0) return Fail();
        _rest = _rest[(IsQuoted ? end + 1 : end)..];
        if (_rest.IsEmpty) return Fail();
        IsAtEnd = _rest.Length == 1 && _rest[0] == ')';
        if (!IsAtEnd && _rest[0] != ',') return Fail();
        _rest = _rest[1..];
        return true;
    }

    bool Fail()
    {
        IsMalformed = true;
        return false;
    }
}
