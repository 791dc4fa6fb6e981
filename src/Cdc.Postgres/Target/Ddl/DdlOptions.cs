using Cdc.Engine.Options;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>What running DDL in a target needs to know.</summary>
internal sealed record DdlOptions
{
    public required string Changefeed { get; init; }

    public DdlMode Mode { get; init; }

    /// <summary>How long a statement waits for a lock before everything is tried again: so long at most do others wait
    /// behind it.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Takes a sentence for the log: what was left undone.</summary>
    public Action<string> Said { get; init; } = static _ => { };

    /// <summary>Takes what is waited for: <c>DROP TABLE of shop.a waits for process 4711</c>.</summary>
    public Action<string> Waits { get; init; } = static _ => { };
}
