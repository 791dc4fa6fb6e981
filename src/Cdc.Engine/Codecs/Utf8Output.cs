using System.Buffers;
using System.Runtime.CompilerServices;

namespace Cdc.Engine.Codecs;

/// <summary>Writes bytes into large pieces of a buffer writer, and tells it only when a piece is full or at the
/// end.</summary>
/// <remarks>Pass by reference; call <see cref="Flush"/> last. The writer sees nothing
/// before.</remarks>
internal ref struct Utf8Output(IBufferWriter<byte> output)
{
    const int PieceBytes = 16 << 10;

    readonly IBufferWriter<byte> _output = output;
    Span<byte> _piece;
    int _position;

    /// <summary>At least <paramref name="bytes"/> of room; follow with <see cref="Advance"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Room(int bytes)
    {
        if (_piece.Length - _position < bytes) Grow(bytes);
        return _piece[_position..];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int bytes) => _position += bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(scoped ReadOnlySpan<byte> bytes)
    {
        if (_piece.Length - _position < bytes.Length) Grow(bytes.Length);
        bytes.CopyTo(_piece[_position..]);
        _position += bytes.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(byte value)
    {
        if (_piece.Length == _position) Grow(1);
        _piece[_position++] = value;
    }

    public void Flush()
    {
        if (_position > 0) _output.Advance(_position);
        _piece = default;
        _position = 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Grow(int bytes)
    {
        Flush();
        _piece = _output.GetSpan(Math.Max(bytes, PieceBytes));
    }
}
