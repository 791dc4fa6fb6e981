namespace Cdc.Engine.Failures;

/// <summary>What the driver does about a failure.</summary>
public enum RemedyAction
{
    /// <summary>Try again from the last position, with growing pauses.</summary>
    Retry,

    /// <summary>Give the sink up, and go on with another from what the target has.</summary>
    AnotherSink,

    /// <summary>Stop this table; the others go on.</summary>
    StopTable,

    /// <summary>Stop the changefeed and say what the operator can do.</summary>
    Stop,
}

/// <summary>The one table from kind of failure to remedy and exit code.</summary>
public static class Remedies
{
    // No discard arm: a new kind does not compile until someone decides what to do about it.
    public static RemedyAction For(FailureKind kind) => kind switch
    {
        FailureKind.SourceUnreachable or FailureKind.SinkUnreachable => RemedyAction.Retry,
        FailureKind.SinkInterrupted => RemedyAction.AnotherSink,
        FailureKind.TableStopped => RemedyAction.StopTable,
        FailureKind.None or FailureKind.Bug or FailureKind.Usage or FailureKind.SourceRefused or FailureKind.SourceUnfit
            or FailureKind.ProtocolViolation or FailureKind.PositionLost or FailureKind.PositionBusy
            or FailureKind.PositionUnknown or FailureKind.SourceChanged or FailureKind.SinkRefused
            or FailureKind.SinkUnfit or FailureKind.SinkFenced or FailureKind.SinkClosed
            or FailureKind.DiskFailed or FailureKind.StateUnusable or FailureKind.StateLocked => RemedyAction.Stop,
    };

    /// <summary>The exit code of a command that ended with this failure.</summary>
    public static int ExitCode(FailureKind kind) => kind switch
    {
        FailureKind.None or FailureKind.SinkClosed => 0,
        FailureKind.Bug => 1,
        FailureKind.Usage => 2,
        FailureKind.SourceUnfit or FailureKind.SinkUnfit or FailureKind.PositionUnknown => 3,
        FailureKind.SourceUnreachable or FailureKind.SourceRefused or FailureKind.SinkUnreachable
            or FailureKind.SinkRefused or FailureKind.SinkInterrupted or FailureKind.ProtocolViolation
            or FailureKind.PositionBusy => 4,
        FailureKind.TableStopped => 5,
        FailureKind.PositionLost or FailureKind.SourceChanged => 6,
        FailureKind.DiskFailed or FailureKind.StateUnusable or FailureKind.StateLocked or FailureKind.SinkFenced => 7,
    };
}
