using System.Collections.Immutable;
using Cdc.Cli.Commands;
using Cdc.Cli.Flags;
using Cdc.Embedded.Running;
using Cdc.Embedded.State;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Engine.State;
using Cdc.Engine.Storage;
using Cdc.Postgres.Setup;

namespace Cdc.Cli.Parts;

/// <summary>A changefeed's source and target, opened and not yet touched. Its state is opened when it is to
/// run.</summary>
sealed class OpenChangefeed : IAsyncDisposable
{
    const string SpillPrefix = "cdc-spill-";

    readonly Invocation _call;
    readonly Func<ISink> _newSink;
    IStateStore? _state;
    PrivateScratch? _spill;

    internal OpenChangefeed(Invocation call, Func<ISink> newSink) =>
        (_call, _newSink, Sink) = (call, newSink, newSink());

    public required string Name { get; init; }
    public required ISource Source { get; init; }
    public ISink Sink { get; private set; }
    public required ChangeFilter Filter { get; init; }

    /// <summary>The directory of the states of all changefeeds; null if this one's ends with the process.</summary>
    public required string? StateRoot { get; init; }

    /// <summary>Where a transaction goes that is too large for memory.</summary>
    public required string SpillDirectory { get; init; }

    /// <summary>Where this one's state is; null if it ends with the process.</summary>
    public string? StateDirectory => StateRoot is null ? null : Path.Combine(StateRoot, Name);

    /// <summary>Whether the source's commits happen now. Those of the demo happen in a year of its own.</summary>
    public bool IsLive => _call.Outcome.From!.Scheme != Address.Demo;

    /// <summary>From where to where, for people; secrets masked.</summary>
    public string Route => $"{Secrets.Masked(_call.Options.From)} to {Secrets.Masked(_call.Options.To)}";

    public static async Task<OpenChangefeed> OpenAsync(Invocation call)
    {
        Connectors connectors = new(call);
        Address from = call.Outcome.From!;
        Address to = call.Outcome.To!;
        call.Failures.Where = $"from {Secrets.Masked(call.Options.From)} to {Secrets.Masked(call.Options.To)}";
        string name = call.Options.Name ?? await NameAsync(connectors, call, from, to);
        string? root = KeepsState(call.Options, to) ? call.Host.PathOf(call.Options.State ?? "cdc-data") : null;
        string spill = root is null
            ? Path.Combine(Path.GetTempPath(), $"{SpillPrefix}{name}-{Guid.NewGuid():N}")
            : Path.Combine(root, name, "spill");
        return new(call, () => connectors.Sink(to, name, Connectors.DatabaseOf(from)))
        {
            Name = name,
            Source = connectors.Source(from, name, isTemporary: root is null, spill),
            Filter = connectors.Filter(),
            StateRoot = root,
            SpillDirectory = spill,
        };
    }

    /// <summary>What the runner takes. Opens the state, which takes its lock.</summary>
    public ChangefeedParts ToParts()
    {
        ChangefeedOptions options = _call.Options;
        _state = Connectors.State(StateRoot, Name);
        if (StateRoot is null)
        {
            PrivateScratch.RemoveDead(Path.GetTempPath(), SpillPrefix + "*");
            _spill = PrivateScratch.TryCreate(SpillDirectory);
        }
        return new()
        {
            Name = Name,
            Source = Source,
            Sink = Sink,
            AnotherSink = () => Sink = _newSink(),
            State = _state,
            Filter = Filter,
            Selection = Connectors.SelectionOf(options),
            Snapshot = options.Snapshot,
            SnapshotParallel = options.SnapshotParallel,
            Until = options.Until is { } until ? StopPoint.Parse(until) : null,
            RetryFor = options.RetryFor,
            PositionWait = options.SlotWait,
            Options = Shown(options),
            Time = _call.Host.Time,
            Loggers = _call.Loggers,
            Milestones = _call.Host.Milestones,
        };
    }

    /// <summary>Versions of tables that earlier runs have seen. Takes no lock.</summary>
    public IReadOnlyList<TableSchema> EarlierSchemas() =>
        StateRoot is null ? [] : DirectoryStateStore.ReadSchemas(StateRoot, Name);

    /// <summary>Options of the last run. Takes no lock; null without one.</summary>
    public IReadOnlyDictionary<string, string>? EarlierOptions() =>
        StateRoot is null ? null : DirectoryStateStore.ReadOptions(StateRoot, Name);

    /// <summary>Options with their values as they would be given, secrets masked.</summary>
    public static ImmutableSortedDictionary<string, string> Shown(ChangefeedOptions options) =>
        OptionCatalog.All
            .Select(option => KeyValuePair.Create(option.Name, Secrets.Masked(string.Join(' ', option.Show(options)))))
            .Where(pair => pair.Value.Length > 0)
            .ToImmutableSortedDictionary();

    public async ValueTask DisposeAsync()
    {
        // From the last to the first, and each whatever becomes of the others: the state has a lock to give back.
        using PrivateScratch? spill = _spill;
        await using IStateStore? state = _state;
        await using ISink sink = Sink;
        await Source.DisposeAsync();
    }

    /// <summary>Whether a later run can go on. What went to standard output is not ours any more.</summary>
    public static bool KeepsState(ChangefeedOptions options, Address to) =>
        options.State is not null || to.Scheme is not (Address.Stdout or Address.Blackhole);

    /// <summary>The name that a changefeed has when it is given none.</summary>
    public static async Task<string> NameAsync(Connectors connectors, Invocation call, Address from, Address to)
    {
        // Who can't be reached is waited for as the run itself will; a dry run changes nothing and waits for nobody.
        SourceRetry retry = new(call.Host.Time, call.Options.RetryFor, call.Loggers);
        SourceIdentity identity = call is { Verb: Verb.Run, Flags.DryRun: false }
            ? await retry.LookAsync(token => connectors.IdentifyAsync(from, token), call.Stop)
            : await connectors.IdentifyAsync(from, call.Stop);
        return ChangefeedName.Default(identity, to.Scheme switch
        {
            Address.Files => call.Host.PathOf(to.Place),
            // However it is spelled, and as whoever we come.
            Address.Postgres => PostgresAddress.Parse(to.Place).Identity,
            _ => to.Scheme,
        });
    }
}
