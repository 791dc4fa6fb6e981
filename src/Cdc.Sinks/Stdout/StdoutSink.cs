using Cdc.Engine;
using Cdc.Engine.Codecs;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Sinks.Stdout;

/// <summary>Writes all tables, in commit order, to a stream: the process's standard output.</summary>
/// <remarks>
/// Keeps no progress: after a crash rows since the checkpoint come again. Flushed: the rows were written to the pipe,
/// which does not say that the reader read them. Lines are whole and never interleaved, copies of tables included.
/// </remarks>
public sealed class StdoutSink : ISink
{
    static readonly TimeSpan CheckpointPause = TimeSpan.FromSeconds(1);

    readonly LineWriter _lines;
    readonly Func<IRowEncoder> _encoders;
    readonly IRowEncoder _encoder;
    readonly TimeProvider _clock;
    readonly WaitingBatches _waiting = new();
    PooledBuffer _bytes = new((int)Limits.RowBlockBytes);
    CommitTs _resolved;
    CommitTs _checkpoint;
    long? _checkpointTime;

    /// <param name="encoder">Makes encoders of the format; called once per thread that encodes.</param>
    /// <param name="output">Where to write; null: standard output. It is not closed.</param>
    public StdoutSink(Func<IRowEncoder> encoder, TimeProvider clock, Stream? output = null)
    {
        (_encoders, _encoder, _clock) = (encoder, encoder(), clock);
        _lines = new(output ?? StandardOutput.Open());
    }

    public ValueTask<IReadOnlyList<Problem>> InspectAsync(CancellationToken cancellationToken) => new([]);

    public ValueTask<SinkProgress?> ProgressAsync(CancellationToken cancellationToken) => new((SinkProgress?)null);

    public ValueTask<SinkProgress?> ClaimAsync(SinkClaim claim, CancellationToken cancellationToken) =>
        new((SinkProgress?)null);

    public ValueTask<ITableCopy> CopyAsync(TableSchema table, CommitTs at, CancellationToken cancellationToken)
    {
        _lines.ThrowIfFailed();
        return new(new StdoutCopy(_lines, _encoders));
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken)
    {
        for (int i = 0; i < batches.Length; i++)
        {
            _lines.ThrowIfFailed();
            cancellationToken.ThrowIfCancellationRequested();
            RowBatch batch = batches.Span[i];
            _encoder.Encode(batch, _bytes);
            (CommitTs last, Acknowledgement acknowledgement) = (batch.LastTs, batch.Acknowledgement);
            batch.Release();
            _waiting.Add(last, acknowledgement);
            acknowledgement.Enqueued();
            if (_bytes.Length >= Limits.RowBlockBytes) await SendAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken)
    {
        _lines.ThrowIfFailed();
        _resolved = CommitTs.Max(_resolved, resolved.Ts);
        Checkpoint(isForced: false);
        await FinishAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _lines.ThrowIfFailed();
        Checkpoint(isForced: true);
        await FinishAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken)
    {
        _lines.ThrowIfFailed();
        _encoder.Encode(change, _bytes);
        _resolved = CommitTs.Max(_resolved, change.Stamp.Ts);
        await FinishAsync(cancellationToken).ConfigureAwait(false);
        return BlockOutcome.Written;
    }

    public async ValueTask DisposeAsync()
    {
        await _lines.DisposeAsync().ConfigureAwait(false);
        _bytes.Dispose();
    }

    async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken).ConfigureAwait(false);
        await _lines.FlushAsync(cancellationToken).ConfigureAwait(false);
        _waiting.Flushed(_resolved);
    }

    // The buffer goes to the writer whole and a fresh one takes its place: a cancelled wait may leave it being written.
    async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        if (_bytes.Length == 0) return;
        (PooledBuffer full, _bytes) = (_bytes, new((int)Limits.RowBlockBytes));
        try
        {
            await _lines.WriteAsync(full, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            // These rows were accepted and are lost: nothing after them may be acknowledged.
            _lines.Fail(e);
            throw;
        }
    }

    void Checkpoint(bool isForced)
    {
        if (_resolved <= _checkpoint) return;
        bool isSoon = _checkpointTime is { } last && _clock.GetElapsedTime(last) < CheckpointPause;
        if (isSoon && !isForced) return;
        _encoder.EncodeCheckpoint(_resolved, _bytes);
        (_checkpoint, _checkpointTime) = (_resolved, _clock.GetTimestamp());
    }
}
