using System.Buffers;
using Cdc.Engine;

namespace Cdc.Sinks;

/// <summary>Encoded bytes in pooled memory. Disposing gives the memory back; once.</summary>
internal sealed class PooledBuffer(int sizeHint) : IBufferWriter<byte>, IDisposable
{
    const int SizeMin = 256;

    byte[] _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, SizeMin));

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Advance(int count)
    {
        Check.That((uint)count <= (uint)(_bytes.Length - Length));
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Length);
    }

    public void Clear() => Length = 0;

    public void Dispose()
    {
        byte[] bytes = Interlocked.Exchange(ref _bytes, []);
        Length = 0;
        if (bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
    }

    void Reserve(int bytes)
    {
        bytes = Math.Max(bytes, 1);
        if (_bytes.Length - Length < bytes) Grow(bytes);
    }

    void Grow(int bytes)
    {
        long wanted = Math.Max((long)Length + bytes, 2L * _bytes.Length);
        int size = (int)Math.Max(Math.Min(wanted, Array.MaxLength), checked(Length + bytes));
        byte[] larger = ArrayPool<byte>.Shared.Rent(size);
        _bytes.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
