namespace Cdc.Engine.Codecs.Text;

/// <summary>Reads the text form of hstore, <c>"a"=>"1", "b"=>NULL</c>, pair by pair.</summary>
internal ref struct HstoreText(ReadOnlySpan<byte> text)
{
    ReadOnlySpan<byte> _rest = text;
    bool _started;

    /// <summary>The text is not hstore's; nothing more can be read.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The key's bytes between its quotes, with their escapes.</summary>
    public ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>The value's bytes between its quotes, with their escapes.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    public bool IsNull { get; private set; }

    public bool MoveNext()
    {
        if (_rest.IsEmpty || IsMalformed) return false;
        if (_started && !Take(", "u8)) return Fail();
        _started = true;
        if (!TryTakeQuoted(out ReadOnlySpan<byte> key) || !Take("=>"u8)) return Fail();
        Key = key;
        IsNull = Take("NULL"u8);
        Value = [];
        if (IsNull) return true;
        if (!TryTakeQuoted(out ReadOnlySpan<byte> value)) return Fail();
        Value = value;
        return true;
    }

    bool TryTakeQuoted(out ReadOnlySpan<byte> content)
    {
        content = [];
        int end = _rest is [(byte)'"', ..] ? Quoted.End(_rest) : -1;
        if (end < 0) return false;
        content = _rest[1..end];
        _rest = _rest[(end + 1)..];
        return true;
    }

    bool Take(ReadOnlySpan<byte> expected)
    {
        if (!_rest.StartsWith(expected)) return false;
        _rest = _rest[expected.Length..];
        return true;
    }

    bool Fail()
    {
        IsMalformed = true;
        return false;
    }
}
