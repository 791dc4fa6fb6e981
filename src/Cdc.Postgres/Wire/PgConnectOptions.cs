namespace Cdc.Postgres.Wire;

/// <summary>What a connection needs from its host. The callbacks run on the thread that reads the connection.</summary>
internal sealed record PgConnectOptions
{
    /// <summary>Ask for a walsender: replication commands besides SQL, and no extended protocol.</summary>
    public bool Replication { get; init; }

    /// <summary>How long the server may leave what we send unread before the connection counts as lost.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Takes one sentence about a connection that is not as safe as it could be.</summary>
    public Action<string>? Warn { get; init; }
}
