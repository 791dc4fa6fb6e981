using Cdc.Cli.Commands;
using Cdc.Embedded.State;
using Cdc.Engine.Codecs;
using Cdc.Engine.Codecs.Debezium;
using Cdc.Engine.Codecs.Ndjson;
using Cdc.Engine.Demo;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Engine.State;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Target;
using Cdc.Sinks.Blackhole;
using Cdc.Sinks.Files;
using Cdc.Sinks.Stdout;

namespace Cdc.Cli.Parts;

/// <summary>Knows which part serves which kind of address, and nothing else does.</summary>
sealed class Connectors(Invocation call)
{
    readonly ChangefeedOptions _options = call.Options;
    readonly CliHost _host = call.Host;

    // One pool for all that hold rows in this process.
    readonly RowBlockPool _rows = new();

    /// <summary>Makes a source. Nothing is connected yet.</summary>
    /// <param name="isTemporary">Nothing may stay in the source after the run.</param>
    /// <param name="spill">Where a transaction goes that is too large for memory.</param>
    public ISource Source(Address from, string name, bool isTemporary, string spill) => from.Scheme switch
    {
        Address.Postgres => new PostgresSource(new()
        {
            Address = PostgresAddress.Parse(from.Place),
            Name = name,
            Selection = SelectionOf(_options),
            SnapshotParallel = _options.SnapshotParallel,
            DdlCapture = _options.DdlCapture,
            Heartbeat = _options.Heartbeat,
            SlotWait = _options.SlotWait,
            TemporarySlot = isTemporary,
            SpillDirectory = spill,
            Rows = _rows,
            Time = _host.Time,
            Loggers = call.Loggers,
        }),
        Address.Demo => new DemoSource(
            new((ulong)_options.Seed, _options.Transactions, _options.Rate, _options.Accounts),
            SelectionOf(_options), _rows, _host.Time),
        _ => throw new InvalidOperationException("Every kind of source is handled."),
    };

    public ChangeFilter Filter() => ChangeFilter.Parse(_options.ExcludeColumns, _options.ExcludeOps, _rows);

    public ISink Sink(Address to, string name, string database)
    {
        Func<IRowEncoder> encoder = _options.Format switch
        {
            OutputFormat.Ndjson => static () => new NdjsonEncoder(),
            OutputFormat.Debezium => () => new DebeziumEncoder(name, database),
        };
        return to.Scheme switch
        {
            Address.Stdout => new StdoutSink(encoder, _host.Time, _host.Rows),
            Address.Blackhole => new BlackholeSink(),
            Address.Files => new FileSink(new()
            {
                Directory = _host.PathOf(to.Place),
                Encoder = encoder,
                Gzip = _options.Gzip,
                RotateBytes = _options.RotateBytes,
                RotateInterval = _options.RotateInterval,
                Clock = _host.Time,
                Milestones = _host.Milestones,
            }),
            Address.Postgres => new PostgresSink(new()
            {
                Address = PostgresAddress.Parse(to.Place),
                Name = name,
                Existing = _options.Existing,
                Copies = _options.Snapshot is not SnapshotMode.None,
                Ddl = _options.Ddl,
                RetryFor = _options.RetryFor,
                Time = _host.Time,
                Loggers = call.Loggers,
                Milestones = _host.Milestones,
            }),
            _ => throw new InvalidOperationException("Every kind of target is handled."),
        };
    }

    /// <summary>Opens the state of one changefeed and takes its lock; without a root it ends with the
    /// process.</summary>
    public static IStateStore State(string? root, string name) =>
        root is null ? new MemoryStateStore() : DirectoryStateStore.Open(root, name);

    /// <summary>Asks which database an address means, so that a name can be made of it.</summary>
    public async ValueTask<SourceIdentity> IdentifyAsync(Address from, CancellationToken cancellationToken)
    {
        if (from.Scheme == Address.Postgres)
            return await PostgresDoctor.IdentifyAsync(PostgresAddress.Parse(from.Place), cancellationToken);
        await using ISource source = Source(from, "unnamed", isTemporary: true, Path.GetTempPath());
        return (await source.InspectAsync(cancellationToken)).Identity;
    }

    /// <summary>The database that an address means, as far as it says so itself.</summary>
    public static string DatabaseOf(Address from) =>
        from.Scheme == Address.Postgres ? PostgresAddress.Parse(from.Place).Database : from.Scheme;

    public static TableSelection SelectionOf(ChangefeedOptions options) => new(
        [.. options.Tables.Select(TablePattern.Parse)], [.. options.Exclude.Select(TablePattern.Parse)]);
}
