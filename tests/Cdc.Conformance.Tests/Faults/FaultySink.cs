using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Conformance.Tests.Faults;

/// <summary>A sink around a real one, which fails where a script says.</summary>
sealed class FaultySink(ISink inner, FaultScript script) : ISink
{
    readonly Lock _gate = new();
    readonly List<Relay> _held = [];
    readonly SortedDictionary<CommitTs, int> _unflushed = [];
    bool _isHolding;
    volatile bool _isSlow;

    /// <summary>Called when the first slow call begins.</summary>
    public Action Slowed { get; init; } = static () => { };

    /// <summary>Position of the first row that was written and never acknowledged as durable; null if all was.</summary>
    public CommitTs? FirstUnflushed
    {
        get
        {
            lock (_gate) return _unflushed.Count == 0 ? null : _unflushed.First().Key;
        }
    }

    public ValueTask<IReadOnlyList<Problem>> InspectAsync(CancellationToken cancellationToken) =>
        inner.InspectAsync(cancellationToken);

    public ValueTask<IReadOnlyList<Problem>> InspectAsync(SourceFacts source, CancellationToken cancellationToken) =>
        inner.InspectAsync(source, cancellationToken);

    public ValueTask<SinkProgress?> ProgressAsync(CancellationToken cancellationToken) =>
        inner.ProgressAsync(cancellationToken);

    public ValueTask<SinkProgress?> ClaimAsync(SinkClaim claim, CancellationToken cancellationToken) =>
        CallAsync(SinkCall.Claim, () => inner.ClaimAsync(claim, cancellationToken));

    public async ValueTask<ITableCopy> CopyAsync(TableSchema table, CommitTs at, CancellationToken cancellationToken)
    {
        ITableCopy copy = await CallAsync(SinkCall.Copy, () => inner.CopyAsync(table, at, cancellationToken));
        return new Copy(this, copy);
    }

    public async ValueTask FinishCopiesAsync(
        IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken) =>
        await CallAsync(SinkCall.FinishCopies, () => inner.FinishCopiesAsync(tables, cancellationToken));

    public ValueTask SetSequencesAsync(
        IReadOnlyList<SequenceState> sequences, CancellationToken cancellationToken) =>
        inner.SetSequencesAsync(sequences, cancellationToken);

    public async ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken)
    {
        foreach (RowBatch batch in batches.Span) Watch(batch);
        await CallAsync(SinkCall.Write, () => inner.WriteAsync(batches, cancellationToken),
            () => Release(batches.Span));
    }

    // A position that was taken and is durable is the most that can be done and not be told.
    public async ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken) =>
        await CallAsync(SinkCall.Resolve, () => inner.ResolveAsync(resolved, cancellationToken),
            applied: () => inner.FlushAsync(cancellationToken));

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await CallAsync(SinkCall.Flush, () => inner.FlushAsync(cancellationToken));
        Relay[] held;
        lock (_gate)
        {
            (held, _isHolding) = ([.. _held], false);
            _held.Clear();
        }
        foreach (Relay relay in held) relay.Tell();
    }

    public ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken) =>
        CallAsync(SinkCall.Execute, () => inner.ExecuteAsync(change, cancellationToken));

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    async ValueTask<T> CallAsync<T>(SinkCall call, Func<ValueTask<T>> work)
    {
        FaultStep? step = await BeginAsync(call);
        if (step?.Fault is SinkFault.Reject) throw Failure(step);
        T result = await work();
        if (step?.Fault is SinkFault.Applied) throw Failure(step);
        return result;
    }

    async ValueTask CallAsync(
        SinkCall call, Func<ValueTask> work, Action? rejected = null, Func<ValueTask>? applied = null)
    {
        FaultStep? step = await BeginAsync(call);
        if (step?.Fault is SinkFault.Reject)
        {
            rejected?.Invoke();
            throw Failure(step);
        }
        await work();
        if (step?.Fault is not SinkFault.Applied) return;
        if (applied is not null) await applied();
        throw Failure(step);
    }

    async ValueTask<FaultStep?> BeginAsync(SinkCall call)
    {
        FaultStep? step = script.Take(call);
        if (step?.Fault is SinkFault.Hold) lock (_gate) _isHolding = true;
        if (step?.Fault is SinkFault.Slow)
        {
            _isSlow = true;
            Slowed();
        }
        if (_isSlow) await Task.Delay(TimeSpan.FromMilliseconds(3));
        return step;
    }

    void Watch(RowBatch batch)
    {
        CommitTs first = batch.FirstTs;
        lock (_gate) _unflushed[first] = _unflushed.GetValueOrDefault(first) + 1;
        batch.Acknowledgement = new(new Relay(this, batch.Acknowledgement, first));
    }

    static void Release(ReadOnlySpan<RowBatch> batches)
    {
        foreach (RowBatch batch in batches) batch.Release();
    }

    static CdcException Failure(FaultStep step) => new(step.Kind, $"{step.Call} has failed as the script says.");

    sealed class Relay(FaultySink sink, Acknowledgement told, CommitTs first) : IAcknowledgementListener
    {
        public void Enqueued(Acknowledgement acknowledgement) => told.Enqueued();

        public void Flushed(Acknowledgement acknowledgement)
        {
            lock (sink._gate)
            {
                if (sink._isHolding)
                {
                    sink._held.Add(this);
                    return;
                }
            }
            Tell();
        }

        public void Tell()
        {
            lock (sink._gate)
            {
                if (--sink._unflushed[first] == 0) sink._unflushed.Remove(first);
            }
            told.Flushed();
        }
    }

    sealed class Copy(FaultySink sink, ITableCopy copy) : ITableCopy
    {
        public async ValueTask WriteAsync(int part, RowBatch batch, CancellationToken cancellationToken) =>
            await sink.CallAsync(SinkCall.CopyWrite, () => copy.WriteAsync(part, batch, cancellationToken),
                batch.Release);

        public async ValueTask CompleteAsync(CancellationToken cancellationToken) =>
            await sink.CallAsync(SinkCall.CopyComplete, () => copy.CompleteAsync(cancellationToken));

        public ValueTask DisposeAsync() => copy.DisposeAsync();
    }
}
