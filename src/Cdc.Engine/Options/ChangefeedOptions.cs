namespace Cdc.Engine.Options;

/// <summary>Which tables are copied before the stream.</summary>
public enum SnapshotMode
{
    /// <summary>All, then the stream.</summary>
    All,
    /// <summary>None: only what is committed from now on.</summary>
    None,
    /// <summary>All, and no stream.</summary>
    Only,
}

/// <summary>How a source sees that schemas change.</summary>
public enum DdlCaptureMode
{
    /// <summary>By triggers where the role may make them, else by the rows that come after.</summary>
    Auto,
    /// <summary>Event triggers write every change into the log, complete.</summary>
    Trigger,
    /// <summary>A changed shape is seen when the table's next row comes.</summary>
    Relation,
    /// <summary>A changed shape ends the changefeed.</summary>
    Off,
}

/// <summary>The form in which rows are written.</summary>
public enum OutputFormat
{
    Ndjson,
    Debezium,
}

/// <summary>What to do with rows that a table of a database target holds before it is copied.</summary>
public enum ExistingRows
{
    /// <summary>Stop, and change nothing.</summary>
    Refuse,
    /// <summary>Keep them; a row with the same key takes the source's values.</summary>
    Keep,
    /// <summary>Empty the table first.</summary>
    Truncate,
}

/// <summary>What a database target does with DDL of the source.</summary>
public enum DdlMode
{
    /// <summary>Does the same.</summary>
    Apply,
    /// <summary>Does the same, but drops no table, column, type or schema, and says what it left.</summary>
    Additive,
    /// <summary>Leaves the target's schema alone.</summary>
    Ignore,
    /// <summary>Stops the changefeed.</summary>
    Stop,
}

/// <summary>Everything that can be said about one changefeed. The same names are flags (<c>--snapshot-parallel</c>),
/// keys of the configuration file (<c>"snapshotParallel"</c>) and URL parameters where an address has them.</summary>
public sealed record ChangefeedOptions
{
    /// <summary>Where to read: <c>postgres://…</c>, a .NET connection string, or <c>demo:</c>.</summary>
    public string From { get; init; } = "";

    /// <summary>Where to write: a directory, <c>stdout</c>, <c>blackhole</c>, or a PostgreSQL database as in
    /// <see cref="From"/>.</summary>
    public string To { get; init; } = "";

    /// <summary>Name of the changefeed; null: from the source's database and both addresses.</summary>
    public string? Name { get; init; }

    /// <summary>Tables to carry: <c>schema.table</c>, <c>schema</c>, with <c>*</c> and <c>?</c>. Empty: all.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>Tables to leave out, after <see cref="Tables"/>.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Columns to leave out: <c>schema.table.column</c>. Key columns can't be.</summary>
    public IReadOnlyList<string> ExcludeColumns { get; init; } = [];

    /// <summary>Kinds of change to leave out: <c>schema.table:insert,update,delete,truncate</c>.</summary>
    public IReadOnlyList<string> ExcludeOps { get; init; } = [];

    public SnapshotMode Snapshot { get; init; }

    /// <summary>How schema changes are seen.</summary>
    public DdlCaptureMode DdlCapture { get; init; }

    /// <summary>Connections that copy tables at the same time.</summary>
    public int SnapshotParallel { get; init; } = 2;

    /// <summary>When to stop: <c>now</c>, <c>snapshot</c>, a position, or a time. Null: never.</summary>
    public string? Until { get; init; }

    /// <summary>Directory of the state of all changefeeds; null: <c>./cdc-data</c>, or none with
    /// <c>stdout</c>.</summary>
    public string? State { get; init; }

    /// <summary>Database targets: rows that are there before the copy.</summary>
    public ExistingRows Existing { get; init; }

    /// <summary>Database targets: DDL of the source.</summary>
    public DdlMode Ddl { get; init; }

    public OutputFormat Format { get; init; }

    /// <summary>Compress files with gzip.</summary>
    public bool Gzip { get; init; }

    /// <summary>Bytes at which a file is closed and the next begun.</summary>
    public long RotateBytes { get; init; } = 64 << 20;

    /// <summary>Longest time that a row waits in a file before the file is closed and named in the index.</summary>
    public TimeSpan RotateInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Pause between marks written into an idle source's log, so that its slot moves on; zero: none.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to wait for a slot that another process reads.</summary>
    public TimeSpan SlotWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to try again while source or target can't be reached; zero: for ever.</summary>
    public TimeSpan RetryFor { get; init; }

    /// <summary>Demo: the same seed gives the same bytes.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Demo: how many transactions there are; 0: no end.</summary>
    public long Transactions { get; init; } = 1000;

    /// <summary>Demo: transactions a second; 0: as fast as they can be written.</summary>
    public int Rate { get; init; }

    /// <summary>Demo: rows of the accounts table.</summary>
    public int Accounts { get; init; } = 1000;
}
