using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Cdc.Engine.Rows;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Postgres.Snapshot;

/// <summary>All tables as one snapshot sees them, copied over connections of their own.</summary>
internal sealed class PostgresSnapshot : ISourceSnapshot
{
    // Lets a worker read on while its last batch is being encoded, and no further.
    const int BatchesWaiting = 4;

    readonly SnapshotKeeper _keeper;
    readonly SnapshotShared _shared;
    readonly ImmutableDictionary<TableId, TableCopyPlan> _plans;

    public PostgresSnapshot(
        CommitTs at, SnapshotKeeper keeper, SnapshotShared shared,
        IReadOnlyList<(TableCopyPlan Plan, long EstimatedRows)> plans)
    {
        (At, _keeper, _shared) = (at, keeper, shared);
        _plans = plans.ToImmutableDictionary(static p => p.Plan.Schema.Id, static p => p.Plan);
        Tables = [.. plans.Select(static p => new SnapshotTable(p.Plan.Schema, p.Plan.Parts, p.EstimatedRows))];
    }

    public CommitTs At { get; }

    public IReadOnlyList<SnapshotTable> Tables { get; }

    public async IAsyncEnumerable<RowBatch> ReadAsync(
        SnapshotTable table, int part, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        TableCopyPlan plan = _plans[table.Schema.Id];
        Engine.Check.That((uint)part < (uint)plan.Parts);
        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _shared.Workers.Ended);
        await _shared.Workers.TurnAsync(stop.Token).ConfigureAwait(false);
        Channel<RowBatch> batches = Channel.CreateBounded<RowBatch>(
            new BoundedChannelOptions(BatchesWaiting) { SingleReader = true, SingleWriter = true });
        PartReader reader = new(_shared, plan, part, batches.Writer);
        Task reading = Task.Factory.StartNew(
            () => reader.Run(stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        try
        {
            await foreach (RowBatch batch in batches.Reader.ReadAllAsync(stop.Token).ConfigureAwait(false))
                yield return batch;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(false);
            while (batches.Reader.TryRead(out RowBatch? left)) left.Release();
            _shared.Workers.GiveTurnBack();
        }
    }

    // A part's lock goes with its transaction, when it is copied.
    public ValueTask FinishedAsync(SnapshotTable table, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _shared.Workers.Dispose();
        await _keeper.DisposeAsync().ConfigureAwait(false);
    }
}
