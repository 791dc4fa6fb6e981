using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Embedded.Running;

/// <summary>Knows when the end that was asked for is reached, and marks it in the source's log where that takes a
/// mark.</summary>
/// <remarks>
/// A server's clock proves nothing of its own: a keepalive says what has been sent so far, and decoding may lag far
/// behind the commits. So a time is over when a change committed at or after it comes; or, where the clock has passed
/// it and no such change comes, when a mark written since then does.
/// One thread hands events in; <see cref="MarkAsync"/> runs beside it.
/// </remarks>
sealed class RunEnd(ChangefeedParts parts, Func<CommitTs> received)
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    readonly long _time = parts.Until is StopPoint.Time time ? Microseconds(time.At) : long.MaxValue;
    readonly TaskCompletionSource<CommitTs> _mark = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _clockPassed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    bool _changePassed;
    volatile bool _isSettled;

    /// <summary>Whether somebody waits for a position: a source that is idle is asked how far it is.</summary>
    public bool IsAwaited => parts.Until is StopPoint.Position or StopPoint.Time;

    /// <summary>Whether the mark was passed before it was known, or can't be made: the stream is ended then, because
    /// nothing else may come.</summary>
    public bool IsSettled => _isSettled;

    /// <summary>Whether nothing more is needed, judged before a stream begins.</summary>
    public bool IsReachedBefore => parts.Until is StopPoint.Position asked && received() >= asked.At;

    /// <summary>Looks at an event before it is handed on.</summary>
    public void See(SourceEvent @event)
    {
        long committed = @event switch
        {
            SourceEvent.Rows rows => rows.Batch.LastStamp.CommitTime,
            SourceEvent.Block block => block.Change.Stamp.CommitTime,
            _ => long.MinValue,
        };
        _changePassed |= committed >= _time;
    }

    /// <summary>Whether the end is reached, once all up to the event was handed on.</summary>
    /// <exception cref="CdcException">The end can't be marked.</exception>
    public bool IsReached(SourceEvent @event)
    {
        if (@event is not SourceEvent.Resolved resolved) return false;
        ThrowIfFailed();
        if (resolved.Time >= _time) _clockPassed.TrySetResult();
        return parts.Until switch
        {
            StopPoint.Now => IsBehindMark(resolved.At),
            StopPoint.Position position => resolved.At >= position.At,
            StopPoint.Time => _changePassed || IsBehindMark(resolved.At),
            _ => false,
        };
    }

    /// <exception cref="CdcException">The end can't be marked.</exception>
    public void ThrowIfFailed()
    {
        if (_mark.Task.IsFaulted) throw _mark.Task.Exception.InnerException!;
    }

    /// <summary>Makes the mark, if the end takes one. Its position comes through the stream, so it is asked for while
    /// the stream runs, and again if the source could not be reached just then.</summary>
    /// <param name="ended">Ends the stream.</param>
    public async Task MarkAsync(CancellationTokenSource ended)
    {
        if (parts.Until is not (StopPoint.Now or StopPoint.Time) || _mark.Task.IsCompleted) return;
        if (parts.Until is StopPoint.Time) await _clockPassed.Task.WaitAsync(ended.Token);
        try
        {
            CommitTs mark = await AskAsync(ended.Token);
            _mark.TrySetResult(mark);
            if (received() < mark) return;
        }
        catch (CdcException failure)
        {
            _mark.TrySetException(failure);
        }
        _isSettled = true;
        await ended.CancelAsync();
    }

    async Task<CommitTs> AskAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await parts.Source.MarkAsync(cancellationToken) is { } mark) return mark;
                // A standby takes no mark. For a time, what it has of the log when its clock has passed it is the end.
                CommitTs end = parts.Until is StopPoint.Time
                    ? (await parts.Source.InspectAsync(cancellationToken)).LogEnd
                    : CommitTs.Zero;
                return end != CommitTs.Zero ? end : throw new CdcException(FailureKind.SourceUnfit,
                    "This source can't be written to (a standby?), so 'now' can't be marked in its log.",
                    "Give --until a time or a position.");
            }
            catch (CdcException failure) when (SourceRetry.Applies(failure))
            {
                await Task.Delay(Pause, parts.Time, cancellationToken);
            }
        }
    }

    bool IsBehindMark(CommitTs at) => _mark.Task.IsCompletedSuccessfully && at >= _mark.Task.Result;

    // Rounded up: what is committed within the last microsecond before the time lies before it.
    static long Microseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks + TimeSpan.TicksPerMicrosecond - 1)
        / TimeSpan.TicksPerMicrosecond;
}
