namespace Cdc.Engine.Failures;

/// <summary>The closed list of what can go wrong. What to do about each is said once, in
/// <see cref="Remedies"/>.</summary>
public enum FailureKind
{
    /// <summary>Not a failure.</summary>
    None,

    /// <summary>A defect of ours.</summary>
    Bug,

    /// <summary>The command line, the configuration file or an option is wrong.</summary>
    Usage,

    /// <summary>The source can't be reached, has no connection left for us, or the connection to it was lost.</summary>
    SourceUnreachable,

    /// <summary>The source's server refused us: password, access rules, encryption.</summary>
    SourceRefused,

    /// <summary>The source is not set up for what was asked: settings, privileges, tables.</summary>
    SourceUnfit,

    /// <summary>The source sent bytes that its protocol does not allow.</summary>
    ProtocolViolation,

    /// <summary>The log is no longer held from where we stopped; what was committed in between can't be read any
    /// more.</summary>
    PositionLost,

    /// <summary>Another process reads the log at our position.</summary>
    PositionBusy,

    /// <summary>A position of this name exists, and this state directory knows nothing of it.</summary>
    PositionUnknown,

    /// <summary>The server is not the one that the state belongs to: restored, failed over, another database.</summary>
    SourceChanged,

    /// <summary>The target can't be reached.</summary>
    SinkUnreachable,

    /// <summary>The target's server refused us: password, access rules, encryption.</summary>
    SinkRefused,

    /// <summary>The connection to the target was lost, and with it a part of a step whose rows are no longer in memory.
    /// What the target has is whole: another sink can go on from there.</summary>
    SinkInterrupted,

    /// <summary>The target is not fit for what was asked: not empty, of another source, of a newer format.</summary>
    SinkUnfit,

    /// <summary>Another owner has claimed the target; this one must stop.</summary>
    SinkFenced,

    /// <summary>The reader of our output went away.</summary>
    SinkClosed,

    /// <summary>A disk is full or failing.</summary>
    DiskFailed,

    /// <summary>The state directory is damaged, unreadable, or of a newer format.</summary>
    StateUnusable,

    /// <summary>Another process uses the state directory.</summary>
    StateLocked,

    /// <summary>One table can't go on: a value or a change that the target can't hold.</summary>
    TableStopped,
}
