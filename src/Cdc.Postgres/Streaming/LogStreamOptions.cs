using Cdc.Engine;
using Cdc.Engine.Options;
using Cdc.Postgres.Decoding;
using Cdc.Postgres.Wire;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Streaming;

/// <summary>What a stream reads, and how.</summary>
internal sealed record LogStreamOptions
{
    /// <summary>Opens a replication connection. Called once per stream, on its own thread.</summary>
    public required Func<CancellationToken, PgConnection> Connect { get; init; }

    public required string Slot { get; init; }
    public required IReadOnlyList<string> Publications { get; init; }
    public required ITableCatalog Catalog { get; init; }
    public required TableSelection Selection { get; init; }

    /// <summary>Trigger, Relation or Off.</summary>
    public DdlCaptureMode DdlCapture { get; init; } = DdlCaptureMode.Relation;

    /// <summary>The whole prefix of messages about DDL that count.</summary>
    public string DdlPrefix { get; init; } = "";

    /// <summary>Where open transactions go that don't fit into memory.</summary>
    public required string SpillDirectory { get; init; }

    public required ILogger Logger { get; init; }
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Pause between status messages; shortened to a third of the server's wal_sender_timeout.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(10);

    public long OpenTransactionBytes { get; init; } = Limits.OpenTransactionBytes;

    public int EventsWaiting { get; init; } = (int)Limits.SourceEventsWaiting;
}
