using System.Collections.Immutable;
using Cdc.Engine;
using Cdc.Engine.Codecs;
using Cdc.Engine.Ddl;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>Encodes on the caller's thread and keeps what is not resolved: files end at resolved positions.</summary>
/// <remarks>A transaction larger than may be kept is spilled: the file before it is cut off, and it gets files of its
/// own, which are named together when it is resolved.</remarks>
internal sealed class StreamStage : IDisposable
{
    const long Share = 4;

    readonly FileParts _parts;
    readonly FilePipeline _pipeline;
    readonly IRowEncoder _encoder;
    readonly Queue<EncodedChunk> _staged = new();
    readonly long _stagedMax;
    long _stagedBytes;
    CommitTs _last;
    CommitTs _spilled;
    CommitTs _resolved;

    public StreamStage(FileParts parts, FilePipeline pipeline)
    {
        (_parts, _pipeline, _encoder) = (parts, pipeline, parts.Options.Encoder());
        _resolved = parts.Index.Position;
        _stagedMax = Math.Min(parts.Options.BytesInFlight / Share, parts.Options.RotateBytes);
    }

    public async ValueTask AddAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        Check.That(batch.FirstTs >= _last);
        Check.That(batch.FirstTs > _resolved);
        int reserved = batch.ByteCount;
        // What is staged never drains by itself, so it must not be what the gate waits for.
        if (_stagedBytes + reserved > _stagedMax) Spill();
        await _pipeline.Gate.EnterAsync(reserved, _parts.Fault, cancellationToken).ConfigureAwait(false);
        try
        {
            Encode(batch);
        }
        finally
        {
            _pipeline.Gate.Leave(reserved);
        }
        batch.Release();
        if (_stagedBytes > _stagedMax) Spill();
        batch.Acknowledgement.Enqueued();
    }

    public void Add(BlockChange change)
    {
        ImmutableArray<TableSchema> versions = change is DdlEvent ddl ? ddl.Versions : change.Concerned;
        foreach (TableSchema version in versions) _parts.Schemas.Note(version);
        PooledBuffer bytes = new(0);
        int lines = _encoder.Encode(change, bytes);
        if (lines > 0) Stage(new(bytes, lines, change.Stamp.Ts, change.Stamp.Ts, null));
        else bytes.Dispose();
    }

    public void Resolve(CommitTs at)
    {
        if (at <= _resolved) return;
        _resolved = at;
        while (_staged.TryPeek(out EncodedChunk? chunk) && chunk.Last <= at) _pipeline.Write(Unstage());
        // Rows at or before the position that share a chunk with later ones stay, and so does the position before them.
        if (_staged.TryPeek(out EncodedChunk? first) && first.First <= at) at = first.First.Previous;
        _pipeline.Resolve(at);
    }

    public void Dispose()
    {
        while (_staged.TryDequeue(out EncodedChunk? chunk)) chunk.Bytes.Dispose();
    }

    // Rows at the batch's last position may go on in the next batch; those before it are whole.
    void Encode(RowBatch batch)
    {
        _parts.Schemas.Note(batch.Schema);
        if (batch.FirstTs == batch.LastTs)
        {
            Stage(Encode(batch, batch.Acknowledgement));
            return;
        }
        (RowBatch? head, RowBatch tail) = batch.CutLastPosition();
        try
        {
            if (head is not null) Stage(Encode(head, null));
            Stage(Encode(tail, batch.Acknowledgement));
        }
        finally
        {
            head?.Release();
            tail.Release();
        }
    }

    EncodedChunk Encode(RowBatch rows, Acknowledgement? acknowledgement)
    {
        PooledBuffer bytes = new(rows.ByteCount + rows.ByteCount / 2);
        try
        {
            int lines = _encoder.Encode(rows, bytes);
            return new(bytes, lines, rows.FirstTs, rows.LastTs, acknowledgement);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    void Stage(EncodedChunk chunk)
    {
        _last = chunk.Last;
        _staged.Enqueue(chunk);
        _stagedBytes += chunk.Bytes.Length;
        _pipeline.Gate.Add(chunk.Bytes.Length);
    }

    EncodedChunk Unstage()
    {
        EncodedChunk chunk = _staged.Dequeue();
        _stagedBytes -= chunk.Bytes.Length;
        return chunk;
    }

    // All before the last position is whole, because something later came; only the last one may go on.
    void Spill()
    {
        if (_staged.Count == 0) return;
        while (_staged.Peek().Last < _last) _pipeline.Spill(Unstage());
        if (_spilled != _last) _pipeline.Cut();
        _spilled = _last;
        while (_staged.Count > 0) _pipeline.Spill(Unstage());
    }
}
