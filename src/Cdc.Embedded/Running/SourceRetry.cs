using System.Runtime.ExceptionServices;
using Cdc.Engine.Failures;
using Cdc.Engine.Sources;
using Cdc.Engine.Starting;
using Cdc.Engine.State;
using Microsoft.Extensions.Logging;

namespace Cdc.Embedded.Running;

/// <summary>Waits, with growing pauses, for a source that can't be reached: at the start, while tables are copied and
/// in the stream alike.</summary>
/// <remarks>A source that was never reached is waited for only if it is said for how long. Patience begins anew
/// whenever the source was reached. One user at a time; <see cref="IsRetrying"/> from any thread.</remarks>
public sealed partial class SourceRetry(TimeProvider time, TimeSpan patience, ILoggerFactory loggers)
{
    readonly ILogger _logger = loggers.CreateLogger("Cdc.Source");
    readonly Backoff _backoff = new(time, patience);
    volatile bool _isRetrying;
    bool _wasReached;

    /// <summary>Whether the source is away now.</summary>
    public bool IsRetrying => _isRetrying;

    /// <summary>Whether it is a failure that may pass. A wrong password does not.</summary>
    /// <remarks>A target that can't be reached is waited for by the sink itself; what it throws in the end
    /// stays.</remarks>
    public static bool Applies(CdcException failure) =>
        Remedies.For(failure.Kind) is RemedyAction.Retry && failure.Kind is not FailureKind.SinkUnreachable;

    /// <summary>Looks until the source can be reached. What is done must change nothing.</summary>
    /// <exception cref="CdcException">Any failure that does not pass, or the last one when patience is
    /// over.</exception>
    public async Task<T> LookAsync<T>(Func<CancellationToken, ValueTask<T>> look, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                T found = await look(cancellationToken);
                Reached();
                return found;
            }
            catch (CdcException failure) when (Applies(failure))
            {
                await PauseAsync(failure, cancellationToken);
            }
        }
    }

    /// <summary>The source answered.</summary>
    internal void Reached()
    {
        (_isRetrying, _wasReached) = (false, true);
        _backoff.Reset();
    }

    /// <summary>Says why, and waits for the next attempt; throws the failure again when patience is over.</summary>
    internal async ValueTask PauseAsync(CdcException failure, CancellationToken cancellationToken)
    {
        // Whoever mistyped a host wants to know; whoever waits for a server that is still starting says how long.
        bool isHopeless = !_wasReached && patience == TimeSpan.Zero;
        TimeSpan? pause = isHopeless ? null : _backoff.Next();
        if (pause is null) ExceptionDispatchInfo.Throw(failure);
        _isRetrying = true;
        string reason = failure.Fix is { } fix ? $"{failure.Message} {fix}" : failure.Message;
        LogRetry(_logger, reason, pause.Value.TotalSeconds);
        await Task.Delay(pause.Value, time, cancellationToken);
    }

    /// <summary>A server that comes back may be another one, or may have lost our place.</summary>
    internal static async ValueTask CheckAsync(
        ChangefeedParts parts, ChangefeedState state, CancellationToken cancellationToken)
    {
        SourceFacts facts;
        try
        {
            facts = await parts.Source.InspectAsync(cancellationToken);
        }
        catch (CdcException failure) when (Applies(failure))
        {
            return;
        }
        // The target is ours and has not changed: only the source is asked.
        StartTable.Decide(parts.Name, state with { TargetKeepsRecord = false }, facts, target: null);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason} Trying again in {Seconds} s.")]
    static partial void LogRetry(ILogger logger, string reason, double seconds);
}
