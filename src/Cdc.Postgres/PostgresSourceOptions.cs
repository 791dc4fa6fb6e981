using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Postgres.Setup;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cdc.Postgres;

/// <summary>All that a source is told.</summary>
public sealed record PostgresSourceOptions
{
    public required PostgresAddress Address { get; init; }

    /// <summary>The changefeed's name; the slot and the publications are named after it.</summary>
    public required string Name { get; init; }

    public TableSelection Selection { get; init; } = TableSelection.Everything;

    /// <summary>How schema changes are seen. Auto is Trigger where our role may make event triggers and something may
    /// stay in the source, else Relation.</summary>
    public DdlCaptureMode DdlCapture { get; init; }

    /// <summary>Connections that copy at the same time.</summary>
    public int SnapshotParallel { get; init; } = 2;

    /// <summary>A table larger than this is copied in parts. Large enough that a statement per part costs nothing,
    /// small enough to share a table between workers evenly.</summary>
    public long SnapshotPartBytes { get; init; } = 64 << 20;

    /// <summary>Pause between marks in the log of an idle source; zero: none.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to wait for a slot that another process reads.</summary>
    public TimeSpan SlotWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The slot goes with our connection, and nothing stays behind but the publications, which go at the
    /// end.</summary>
    public bool TemporarySlot { get; init; }

    /// <summary>Where an open transaction goes that is too large for memory.</summary>
    public required string SpillDirectory { get; init; }

    /// <summary>Memory for rows; shared with whoever else holds rows in this process.</summary>
    public RowBlockPool Rows { get; init; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;
}
