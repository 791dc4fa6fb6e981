using System.Globalization;

namespace Cdc.Engine.Codecs.Debezium;

/// <summary>Bytes put together once and written many times.</summary>
internal sealed class Pieces
{
    byte[] _bytes = new byte[512];
    int _length;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public Pieces Start(ReadOnlySpan<byte> text)
    {
        _length = 0;
        return Text(text);
    }

    public Pieces Text(ReadOnlySpan<byte> text)
    {
        if (_bytes.Length - _length < text.Length) Array.Resize(ref _bytes, (_bytes.Length + text.Length) * 2);
        text.CopyTo(_bytes.AsSpan(_length));
        _length += text.Length;
        return this;
    }

    public Pieces Number(long value)
    {
        Span<byte> digits = stackalloc byte[20];
        value.TryFormat(digits, out int length, default, CultureInfo.InvariantCulture);
        return Text(digits[..length]);
    }

    public Pieces Number(ulong value)
    {
        Span<byte> digits = stackalloc byte[20];
        value.TryFormat(digits, out int length, default, CultureInfo.InvariantCulture);
        return Text(digits[..length]);
    }

    public static void WriteNumber(ref Utf8Output output, long value)
    {
        value.TryFormat(output.Room(20), out int length, default, CultureInfo.InvariantCulture);
        output.Advance(length);
    }
}
