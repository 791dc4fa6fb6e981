using System.Collections.Concurrent;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>The copy of one table: as many sessions as write at the same time, each with a running copy.</summary>
/// <remarks>A part has no session of its own: there may be many parts, and their rows come in no order.</remarks>
internal sealed class TargetCopy(
    CopyLanes lanes, SinkClaimed claimed, CopyTarget target, TargetTable table, CommitTs at, bool keeps) : ITableCopy
{
    readonly ConcurrentStack<CopyLane> _idle = new();
    readonly ConcurrentQueue<Acknowledgement> _acknowledgements = new();

    public ValueTask WriteAsync(int part, RowBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_idle.TryPop(out CopyLane? lane)) lane = new(Try(lanes.Take), table, at, keeps);
        try
        {
            using CancellationTokenRegistration cancelled = cancellationToken.Register(lane.Session.Connection.Cancel);
            CopyLane writing = lane;
            Try(() =>
            {
                writing.Write(batch);
                return true;
            });
        }
        catch
        {
            lanes.End(lane.Session);
            throw;
        }
        _idle.Push(lane);
        Acknowledgement acknowledgement = batch.Acknowledgement;
        batch.Release();
        _acknowledgements.Enqueue(acknowledgement);
        acknowledgement.Enqueued();
        return ValueTask.CompletedTask;
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await Task.Run(Complete, cancellationToken).ConfigureAwait(false);
        foreach (Acknowledgement acknowledgement in _acknowledgements) acknowledgement.Flushed();
    }

    public ValueTask DisposeAsync()
    {
        while (_idle.TryPop(out CopyLane? lane)) lanes.End(lane.Session);
        return ValueTask.CompletedTask;
    }

    void Complete() => Try(() =>
    {
        while (_idle.TryPop(out CopyLane? lane))
        {
            try
            {
                lane.Complete(claimed);
            }
            catch
            {
                lanes.End(lane.Session);
                throw;
            }
            lanes.GiveBack(lane.Session);
        }
        TargetSession session = lanes.Take();
        target.Complete(session, table.Schema, at);
        lanes.GiveBack(session);
        return true;
    });

    static T Try<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (CdcException failure)
        {
            throw TargetFailures.From(failure);
        }
    }
}
