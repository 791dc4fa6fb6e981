using System.Collections.Concurrent;
using Cdc.Engine;
using Cdc.Engine.Codecs;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;

namespace Cdc.Sinks.Stdout;

/// <summary>Sends the rows of a table straight on. Parts encode in parallel and write whole batches in turn.</summary>
internal sealed class StdoutCopy(LineWriter lines, Func<IRowEncoder> encoders) : ITableCopy
{
    readonly ConcurrentDictionary<int, IRowEncoder> _encoders = new();
    readonly ConcurrentQueue<Acknowledgement> _written = new();

    public async ValueTask WriteAsync(int part, RowBatch batch, CancellationToken cancellationToken)
    {
        lines.ThrowIfFailed();
        IRowEncoder encoder = _encoders.GetOrAdd(part, static (_, encoders) => encoders(), encoders);
        PooledBuffer bytes = new((int)Limits.RowBlockBytes);
        encoder.Encode(batch, bytes);
        Acknowledgement acknowledgement = batch.Acknowledgement;
        batch.Release();
        await lines.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        _written.Enqueue(acknowledgement);
        acknowledgement.Enqueued();
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await lines.FlushAsync(cancellationToken).ConfigureAwait(false);
        while (_written.TryDequeue(out Acknowledgement? acknowledgement)) acknowledgement.Flushed();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
