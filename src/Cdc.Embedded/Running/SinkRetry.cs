using System.Runtime.ExceptionServices;
using Cdc.Engine.Failures;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;

namespace Cdc.Embedded.Running;

/// <summary>Waits, with growing pauses, before another sink takes the place of one that can't go on.</summary>
/// <remarks>Patience begins anew whenever more is durable than the last time: who is interrupted at one place again and
/// again gets no further. One user at a time.</remarks>
sealed partial class SinkRetry(TimeProvider time, TimeSpan patience, ILoggerFactory loggers)
{
    readonly ILogger _logger = loggers.CreateLogger("Cdc.Target");
    readonly Backoff _backoff = new(time, patience);
    CommitTs _durable;

    /// <summary>Whether another sink can go on.</summary>
    public static bool Applies(CdcException failure) => Remedies.For(failure.Kind) is RemedyAction.AnotherSink;

    /// <summary>Whether the target can't be reached by another sink now, and may be later.</summary>
    public static bool IsAway(CdcException failure) => failure.Kind is FailureKind.SinkUnreachable;

    /// <summary>A sink can't go on; everything at or before the checkpoint is durable.</summary>
    public void Interrupted(CommitTs checkpoint)
    {
        if (checkpoint <= _durable) return;
        _durable = checkpoint;
        _backoff.Reset();
    }

    /// <summary>Says why, and waits for the next attempt; throws the failure again when patience is over.</summary>
    public async ValueTask PauseAsync(CdcException failure, CancellationToken cancellationToken)
    {
        TimeSpan? pause = _backoff.Next();
        if (pause is null) ExceptionDispatchInfo.Throw(failure);
        LogRetry(_logger, failure.Message, pause.Value.TotalSeconds);
        await Task.Delay(pause.Value, time, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Reason} Going on from what the target has, in {Seconds} s.")]
    static partial void LogRetry(ILogger logger, string reason, double seconds);
}
