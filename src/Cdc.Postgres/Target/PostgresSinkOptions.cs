using Cdc.Engine;
using Cdc.Engine.Options;
using Cdc.Postgres.Setup;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cdc.Postgres.Target;

/// <summary>All that a PostgreSQL target is told.</summary>
public sealed record PostgresSinkOptions
{
    public required PostgresAddress Address { get; init; }

    /// <summary>The changefeed's name, under which its progress is kept.</summary>
    public required string Name { get; init; }

    /// <summary>Rows that a table holds before it is copied.</summary>
    public ExistingRows Existing { get; init; }

    /// <summary>Tables will be copied; else rows that are there are the user's own business.</summary>
    public bool Copies { get; init; } = true;

    public DdlMode Ddl { get; init; }

    /// <summary>How long to try again while the target can't be reached; zero: for ever.</summary>
    public TimeSpan RetryFor { get; init; }

    /// <summary>Bytes of rows after which a batch goes to the target although more are waiting. A transaction that is
    /// larger is written in several, which become visible together.</summary>
    public long BatchBytes { get; init; } = 8 << 20;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    public IMilestones Milestones { get; init; } = NoMilestones.Instance;
}
