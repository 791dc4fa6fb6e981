namespace Cdc.Engine.Rows;

/// <summary>A piece of pooled memory that holds rows. Returned to the pool when the last batch over it is
/// released.</summary>
public sealed class RowBlock
{
    readonly RowBlockPool _pool;
    byte[]? _memory;
    int _references = 1;

    internal RowBlock(RowBlockPool pool, byte[] memory) => (_pool, _memory) = (pool, memory);

    internal byte[] Memory => _memory ?? throw new ObjectDisposedException(nameof(RowBlock));

    internal void AddReference() => Interlocked.Increment(ref _references);

    internal void Release()
    {
        int left = Interlocked.Decrement(ref _references);
        Check.That(left >= 0);
        if (left == 0 && Interlocked.Exchange(ref _memory, null) is { } memory) _pool.Return(memory);
    }
}

/// <summary>Gives out blocks of rows and takes their memory back.</summary>
public sealed class RowBlockPool
{
    const int Kept = 64;

    readonly System.Collections.Concurrent.ConcurrentQueue<byte[]> _free = new();
    long _bytesOut;

    /// <summary>Bytes of all blocks that are out now.</summary>
    public long BytesOut => Volatile.Read(ref _bytesOut);

    /// <summary>A block of at least <paramref name="bytes"/>.</summary>
    public RowBlock Take(int bytes = (int)Limits.RowBlockBytes)
    {
        byte[]? memory = null;
        if (bytes <= Limits.RowBlockBytes) _free.TryDequeue(out memory);
        memory ??= GC.AllocateUninitializedArray<byte>(Math.Max(bytes, (int)Limits.RowBlockBytes));
        Interlocked.Add(ref _bytesOut, memory.Length);
        return new(this, memory);
    }

    internal void Return(byte[] memory)
    {
        Interlocked.Add(ref _bytesOut, -memory.Length);
        // Blocks of single large rows are not kept: they would hold their size for ever.
        if (memory.Length == Limits.RowBlockBytes && _free.Count < Kept) _free.Enqueue(memory);
    }
}
