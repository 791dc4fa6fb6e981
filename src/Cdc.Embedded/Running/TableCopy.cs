using Cdc.Engine.Filters;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;

namespace Cdc.Embedded.Running;

/// <summary>One table on its way: its target is opened by the first part that comes, and completed after the
/// last.</summary>
sealed class TableCopy(SnapshotTable table) : IAsyncDisposable
{
    readonly SemaphoreSlim _opening = new(1, 1);
    ITableCopy? _target;
    int _partsLeft = Math.Max(1, table.Parts);
    volatile bool _stopped;

    public SnapshotTable Table => table;
    public bool IsStopped => _stopped;

    public void Stop() => _stopped = true;

    /// <summary>Whether it was the last part.</summary>
    public bool PartEnded() => Interlocked.Decrement(ref _partsLeft) == 0;

    public async ValueTask<ITableCopy> OpenAsync(
        ISink sink, ChangeFilter filter, ISourceSnapshot snapshot, CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            return _target ??= await sink.CopyAsync(filter.Apply(table.Schema), snapshot.At, cancellationToken);
        }
        finally
        {
            _opening.Release();
        }
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken) => _target!.CompleteAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _target, null) is { } target) await target.DisposeAsync();
    }
}
