using Cdc.Engine.Dispatching;
using Cdc.Engine.Rows;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Embedded.Running;

/// <summary>Collects what a run is doing from the parts that know.</summary>
sealed class RunWatch(ChangefeedParts parts, SourceRetry retry)
{
    volatile RunPhase _phase;
    volatile TableCopier? _copier;
    volatile Streamed? _streamed;
    volatile CheckpointKeeper? _keeper;
    long _expectedRows = -1;
    long _earlierRows;
    int _tables;
    int _tablesCopied;

    public RunPhase Phase { set => _phase = value; }
    public CheckpointKeeper Keeper { set => _keeper = value; }

    /// <summary>The stream begins, or goes on with another sink: what the one before got stays counted.</summary>
    public void Streaming(Dispatcher dispatcher)
    {
        _streamed = new(dispatcher, _streamed?.Rows ?? 0, _streamed?.Bytes ?? 0);
        _phase = RunPhase.Streaming;
    }

    /// <summary>Copying begins; what an earlier snapshot of this run copied stays counted.</summary>
    public void Copying(TableCopier copier, ISourceSnapshot snapshot)
    {
        _earlierRows += _copier?.Rows ?? 0;
        _copier = copier;
        if (_tables > 0) return;
        _tables = snapshot.Tables.Count;
        bool known = snapshot.Tables.All(static t => t.EstimatedRows >= 0);
        _expectedRows = known ? snapshot.Tables.Sum(static t => t.EstimatedRows) : -1;
    }

    public void TableCopied() => Interlocked.Increment(ref _tablesCopied);

    public ChangefeedProgress Look()
    {
        SourceStatus source = parts.Source.Status;
        Streamed? streamed = _streamed;
        RunPhase phase = _phase;
        bool mayRetry = phase is RunPhase.Starting or RunPhase.Copying or RunPhase.Streaming;
        if (mayRetry && retry.IsRetrying) phase = RunPhase.Retrying;
        return new(
            phase, Volatile.Read(ref _tablesCopied), _tables, _earlierRows + (_copier?.Rows ?? 0), _expectedRows,
            streamed?.Rows ?? 0, streamed?.Bytes ?? 0, streamed?.Dispatcher.Received ?? CommitTs.Zero,
            _keeper?.Checkpoint ?? CommitTs.Zero,
            source.CommitTime == 0 ? null : CommitStamp.ToUtc(source.CommitTime), source.Doing);
    }

    /// <summary>What goes into one sink, and what went into those before it.</summary>
    sealed class Streamed(Dispatcher dispatcher, long earlierRows, long earlierBytes)
    {
        public Dispatcher Dispatcher => dispatcher;
        public long Rows => earlierRows + dispatcher.Rows;
        public long Bytes => earlierBytes + dispatcher.Bytes;
    }
}
