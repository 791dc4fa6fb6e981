using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Engine.State;
using Cdc.Protocol;

namespace Cdc.Embedded.Running;

/// <summary>The snapshot phase of a run: every table copied once, through as many snapshots as that takes.</summary>
sealed class SnapshotCopy(
    ChangefeedParts parts, CheckpointKeeper keeper, SchemaHistory history, RunWatch watch, SourceRetry retry)
{
    // A table is rewritten between snapshot and copy now and then; one that always is, so often and so long, needs an
    // operator.
    const int VainSnapshots = 10;
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // Why the target did not take a table the first time.
    readonly Dictionary<TableId, CdcException> _refused = [];
    CdcException? _stopped;

    /// <summary>Copies all that is not copied yet; over lost connections, each of which ends its snapshot.</summary>
    public async Task RunAsync(SinkProgress? claimed, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (keeper.State.FirstConsistent == CommitTs.Zero) await StartAsync(cancellationToken);
                else await ResumeAsync(claimed, cancellationToken);
                return;
            }
            catch (CdcException failure) when (SourceRetry.Applies(failure))
            {
                await retry.PauseAsync(failure, cancellationToken);
                await SourceRetry.CheckAsync(parts, keeper.State, cancellationToken);
            }
        }
    }

    /// <summary>The first start: makes our place in the log, and copies from the snapshot that belongs to it.</summary>
    async Task StartAsync(CancellationToken cancellationToken)
    {
        IReadOnlyCollection<TableId> left;
        await using (ISourceSnapshot snapshot = await parts.Source.StartAsync(history, cancellationToken))
        {
            retry.Reached();
            CommitTs at = snapshot.At;
            await keeper.UpdateAsync(state => state with { FirstConsistent = at, Checkpoint = at }, cancellationToken);
            if (parts.Snapshot is SnapshotMode.None) return;
            left = await CopyAsync(snapshot, cancellationToken);
        }
        await CopyLeftAsync(left, cancellationToken);
        await FinishAsync(cancellationToken);
    }

    /// <summary>A run was interrupted: tables it did not complete are copied again, from their
    /// beginning.</summary>
    async Task ResumeAsync(SinkProgress? claimed, CancellationToken cancellationToken)
    {
        if (claimed is not null)
        {
            // The target's record was written together with the rows; ours comes a moment later.
            await keeper.UpdateAsync(
                state => state with { Copied = state.Copied.SetItems(claimed.Copied) }, cancellationToken);
        }
        if (parts.Snapshot is SnapshotMode.None) return;
        TableId[] left =
            [.. history.Latest().Select(static t => t.Id).Where(id => !keeper.State.Copied.ContainsKey(id))];
        await CopyLeftAsync(left, cancellationToken);
        await FinishAsync(cancellationToken);
    }

    // Before the phase is done: a crash in between does it again.
    async Task FinishAsync(CancellationToken cancellationToken)
    {
        await parts.Sink.FinishCopiesAsync(
            [.. history.Latest().Where(table => keeper.State.Copied.ContainsKey(table.Id)).Select(parts.Filter.Apply)],
            cancellationToken);
        await parts.Sink.SetSequencesAsync(
            await parts.Source.SequencesAsync(history, cancellationToken), cancellationToken);
    }

    async Task CopyLeftAsync(IReadOnlyCollection<TableId> left, CancellationToken cancellationToken)
    {
        int vain = 0;
        long since = parts.Time.GetTimestamp();
        while (left.Count > 0)
        {
            if (vain >= VainSnapshots && parts.Time.GetElapsedTime(since) >= Patience) throw GivenUp(left.Count, vain);
            int before = left.Count;
            await using (ISourceSnapshot snapshot = await parts.Source.SnapshotAsync(history, left, cancellationToken))
            {
                retry.Reached();
                left = await CopyAsync(snapshot, cancellationToken);
            }
            vain++;
            if (left.Count < before) (vain, since) = (0, parts.Time.GetTimestamp());
        }
    }

    CdcException GivenUp(int tables, int snapshots) => new(FailureKind.TableStopped,
        $"{tables} tables could not be copied from any of {snapshots} snapshots in a row, the last time because: "
            + _stopped?.Message,
        _stopped?.Fix ?? "Run again when no migration is under way, or leave them out with --exclude.", _stopped);

    async Task<IReadOnlyCollection<TableId>> CopyAsync(ISourceSnapshot snapshot, CancellationToken cancellationToken)
    {
        TableCopier copier = new(snapshot, parts, table => CopiedAsync(table, snapshot.At, cancellationToken));
        watch.Copying(copier, snapshot);
        IReadOnlyCollection<SnapshotTable> left = await copier.RunAsync(cancellationToken);
        _stopped = copier.Stopped ?? _stopped;
        foreach ((TableId table, CdcException failure) in copier.Refused)
        {
            // Some of what it was told is as of now and not of the snapshot, so another snapshot may suit it.
            if (!_refused.TryAdd(table, failure)) throw _refused[table];
        }
        return [.. left.Select(static table => table.Schema.Id)];
    }

    async ValueTask CopiedAsync(SnapshotTable table, CommitTs at, CancellationToken cancellationToken)
    {
        TableId id = table.Schema.Id;
        await keeper.UpdateAsync(state => state with { Copied = state.Copied.SetItem(id, at) }, cancellationToken);
        watch.TableCopied();
    }
}
