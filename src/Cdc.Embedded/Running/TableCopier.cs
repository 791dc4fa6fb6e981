using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Filters;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Embedded.Running;

/// <summary>Copies the tables of one snapshot into the sink, several parts at a time, each table complete or not at
/// all.</summary>
sealed class TableCopier(ISourceSnapshot snapshot, ChangefeedParts parts, Func<SnapshotTable, ValueTask> copied)
{
    // A table without rows of its own is opened and completed all the same.
    const int NoPart = -1;

    readonly ConcurrentQueue<SnapshotTable> _stopped = new();
    readonly ConcurrentDictionary<TableId, CdcException> _refused = new();
    ExceptionDispatchInfo? _failure;
    CdcException? _lastStop;
    long _rows;

    public long Rows => Volatile.Read(ref _rows);

    /// <summary>Why a table was stopped last; null if none was.</summary>
    public CdcException? Stopped => Volatile.Read(ref _lastStop);

    /// <summary>Tables that the target did not take, each with its first failure.</summary>
    public IReadOnlyDictionary<TableId, CdcException> Refused => _refused;

    /// <summary>Copies what it can. The answer names tables that need a newer snapshot: they changed before their lock
    /// was held, or the target did not take them.</summary>
    public async Task<IReadOnlyCollection<SnapshotTable>> RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ConcurrentQueue<(TableCopy Copy, int Part)> work = new();
        List<TableCopy> copies = [];
        // Largest first, so that no worker is left alone with a big table at the end.
        foreach (SnapshotTable table in snapshot.Tables.OrderByDescending(static t => t.EstimatedRows))
        {
            TableCopy copy = new(table);
            copies.Add(copy);
            for (int part = 0; part < table.Parts; part++) work.Enqueue((copy, part));
            if (table.Parts == 0) work.Enqueue((copy, NoPart));
        }
        Task[] workers =
            [.. Enumerable.Range(0, parts.SnapshotParallel).Select(_ => Task.Run(() => WorkAsync(work, stop)))];
        try
        {
            await Task.WhenAll(workers);
        }
        finally
        {
            foreach (TableCopy copy in copies) await copy.DisposeAsync();
        }
        _failure?.Throw();
        cancellationToken.ThrowIfCancellationRequested();
        return _stopped;
    }

    async Task WorkAsync(ConcurrentQueue<(TableCopy Copy, int Part)> work, CancellationTokenSource stop)
    {
        try
        {
            while (!stop.IsCancellationRequested && work.TryDequeue(out (TableCopy Copy, int Part) next))
            {
                await CopyPartAsync(next.Copy, next.Part, stop.Token);
            }
        }
        catch (Exception failure)
        {
            // The first failure is the one that counts; the others stop for it.
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
            await stop.CancelAsync();
        }
    }

    async Task CopyPartAsync(TableCopy copy, int part, CancellationToken cancellationToken)
    {
        bool last;
        try
        {
            if (!copy.IsStopped)
            {
                ITableCopy target = await AtTargetAsync(copy, copy.OpenAsync(
                    parts.Sink, parts.Filter, snapshot, cancellationToken));
                if (part != NoPart) await CopyRowsAsync(copy, target, part, cancellationToken);
            }
        }
        catch (CdcException failure) when (Remedies.For(failure.Kind) is RemedyAction.StopTable)
        {
            Volatile.Write(ref _lastStop, failure);
            copy.Stop();
        }
        finally
        {
            last = copy.PartEnded();
        }
        if (last) await EndAsync(copy, cancellationToken);
    }

    async Task CopyRowsAsync(
        TableCopy copy, ITableCopy target, int part, CancellationToken cancellationToken)
    {
        await foreach (RowBatch batch in snapshot.ReadAsync(copy.Table, part, cancellationToken))
        {
            Interlocked.Add(ref _rows, batch.Count);
            if (parts.Filter.Apply(batch) is { } kept)
                await AtTargetAsync(copy, DoneAsync(() => target.WriteAsync(part, kept, cancellationToken)));
            parts.Milestones.Reached(Milestone.SnapshotRowsWritten);
        }
    }

    async ValueTask EndAsync(TableCopy copy, CancellationToken cancellationToken)
    {
        if (!copy.IsStopped) await CompleteAsync(copy, cancellationToken);
        if (copy.IsStopped)
        {
            await copy.DisposeAsync();
            _stopped.Enqueue(copy.Table);
            return;
        }
        await copied(copy.Table);
        parts.Milestones.Reached(Milestone.TableCopied);
        await snapshot.FinishedAsync(copy.Table, cancellationToken);
        await copy.DisposeAsync();
    }

    async ValueTask CompleteAsync(TableCopy copy, CancellationToken cancellationToken)
    {
        try
        {
            await AtTargetAsync(copy, DoneAsync(() => copy.CompleteAsync(cancellationToken)));
        }
        catch (CdcException failure) when (Remedies.For(failure.Kind) is RemedyAction.StopTable)
        {
            Volatile.Write(ref _lastStop, failure);
            copy.Stop();
        }
    }

    async ValueTask<T> AtTargetAsync<T>(TableCopy copy, ValueTask<T> work)
    {
        try
        {
            return await work;
        }
        catch (CdcException failure) when (Remedies.For(failure.Kind) is RemedyAction.StopTable)
        {
            _refused.TryAdd(copy.Table.Schema.Id, failure);
            throw;
        }
    }

    static async ValueTask<bool> DoneAsync(Func<ValueTask> work)
    {
        await work();
        return true;
    }
}
