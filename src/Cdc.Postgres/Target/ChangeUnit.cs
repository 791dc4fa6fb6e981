using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>Rows that are written to the target together: what was waiting, up to a bound.</summary>
internal sealed class ChangeUnit
{
    readonly List<RowBatch> _batches = [];

    public IReadOnlyList<RowBatch> Batches => _batches;
    public long Bytes { get; private set; }
    public bool IsEmpty => _batches.Count == 0;

    /// <summary>Position of the last row.</summary>
    public CommitTs Last => _batches[^1].LastTs;

    public CommitTs First => _batches[0].FirstTs;

    public void Add(RowBatch batch)
    {
        _batches.Add(batch);
        Bytes += batch.ByteCount;
    }

    /// <summary>Takes what lies beyond a position out of this unit.</summary>
    public ChangeUnit CutBehind(CommitTs at)
    {
        ChangeUnit rest = new();
        int keep = _batches.Count;
        while (keep > 0 && _batches[keep - 1].FirstTs > at) keep--;
        Stack<RowBatch> beyond = [];
        RowBatch? straddling = keep > 0 && _batches[keep - 1].LastTs > at ? _batches[keep - 1] : null;
        for (RowBatch? left = straddling; left is not null && left.LastTs > at;)
        {
            (RowBatch? head, RowBatch tail) = left.CutLastPosition();
            left.Release();
            beyond.Push(tail);
            left = head;
            _batches[keep - 1] = head!;
        }
        foreach (RowBatch batch in beyond) rest.Add(batch);
        for (int i = keep; i < _batches.Count; i++) rest.Add(_batches[i]);
        _batches.RemoveRange(keep, _batches.Count - keep);
        Bytes -= rest.Bytes;
        return rest;
    }

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        foreach (RowBatch batch in _batches) batch.Release();
    }
}
