namespace Cdc.Engine.Rows;

/// <summary>Keeps rows longer than the batches that brought them: copies, one behind the other, in pooled
/// memory.</summary>
/// <remarks>One thread at a time. Whoever got a copy releases it; memory goes back when all copies in it are
/// released.</remarks>
public sealed class RowKeeper(RowBlockPool pool) : IDisposable
{
    RowBlock? _block;
    int _used;

    /// <summary>The same rows, without the acknowledgement. The batch itself stays the caller's.</summary>
    public RowBatch Keep(RowBatch batch)
    {
        int bytes = batch.ByteCount;
        if (_block is null || _block.Memory.Length - _used < bytes)
        {
            _block?.Release();
            (_block, _used) = (pool.Take(bytes), 0);
        }
        batch.Raw.CopyTo(_block.Memory.AsSpan(_used));
        Range place = _used..(_used + bytes);
        _used += bytes;
        return new(batch.Schema, _block, place, batch.Count, batch.Stamps, batch.StampsUsed);
    }

    public void Dispose()
    {
        _block?.Release();
        _block = null;
    }
}
