using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Storage;
using Cdc.Protocol;

namespace Cdc.Postgres.Decoding;

/// <summary>Batches that lie behind each other on disk.</summary>
internal readonly record struct SpillRun(SegmentEntry First, SegmentEntry Last, int Count);

/// <summary>The part of the open transaction that does not fit into memory.</summary>
/// <remarks>One transaction at a time; <see cref="Clear"/> removes its files. A run is remembered by its ends, so that
/// millions of small batches take no memory.</remarks>
internal sealed class Spill(string directory, RowBlockPool pool) : IDisposable
{
    readonly Dictionary<(TableId, CommitTs), TableSchema> _schemas = [];
    SegmentLog? _log;

    /// <summary>Bytes on disk now.</summary>
    public long BytesOnDisk => _log?.BytesOnDisk ?? 0;

    public SpillRun Append(RowBatch batch)
    {
        SegmentEntry entry = Write(batch);
        return new(entry, entry, 1);
    }

    /// <summary>Appends to the run written last.</summary>
    public SpillRun Append(SpillRun run, RowBatch batch) => new(run.First, Write(batch), run.Count + 1);

    /// <summary>Reads the batches one by one, as of their commit. The receiver releases them.</summary>
    public IEnumerable<RowBatch> Read(SpillRun run, CommitStamp stamp)
    {
        SegmentLog log = _log!;
        SegmentEntry entry = run.First;
        for (int left = run.Count; ; )
        {
            TableSchema schema = _schemas[(entry.Table, entry.SchemaSince)];
            yield return log.Read(entry, schema, stamp.Ts.Commit, stamp.CommitTime);
            SegmentEntry read = entry;
            if (--left > 0) Engine.Check.That(log.TryNext(read, out entry));
            log.Release(read);
            if (left == 0) yield break;
        }
    }

    /// <summary>Removes what is on disk.</summary>
    public void Clear()
    {
        _log?.Dispose();
        _log = null;
        _schemas.Clear();
    }

    public void Dispose() => Clear();

    SegmentEntry Write(RowBatch batch)
    {
        _log ??= new(directory, pool);
        _schemas[(batch.Schema.Id, batch.Schema.Since)] = batch.Schema;
        return _log.Append(batch);
    }
}
