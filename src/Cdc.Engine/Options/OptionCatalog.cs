using System.Collections.Frozen;
using System.Collections.Immutable;
using static Cdc.Engine.Options.OptionFactory;

namespace Cdc.Engine.Options;

/// <summary>Every option of a changefeed, once. Flags, file keys, URL parameters, help and docs are made from this
/// table.</summary>
public static class OptionCatalog
{
    const string Run = "run";
    const string Doctor = "doctor";
    const string Drop = "drop";
    const string DemoVerb = "demo";

    /// <summary>In the order in which help shows them.</summary>
    public static ImmutableArray<OptionDefinition> All { get; } =
    [
        .. Places(), .. Choice(), .. Course(), .. Target(), .. Output(), .. Source(), .. Demo(),
    ];

    static readonly FrozenDictionary<string, OptionDefinition> s_byName = All.ToFrozenDictionary(option => option.Name);

    public static OptionDefinition? Find(string name) => s_byName.GetValueOrDefault(name);

    /// <summary>The options that a verb takes.</summary>
    public static IEnumerable<OptionDefinition> Of(string verb) => All.Where(option => option.Verbs.Contains(verb));

    static ImmutableArray<OptionDefinition> Places() =>
    [
        Address("from", "Where to read: postgres://user@host/database, a .NET connection string, or demo:.",
            o => o.From, (o, v) => o with { From = v }) with { Verbs = [Run, Doctor, Drop] },
        Address("to", "Where to write: a directory, stdout, blackhole, or a PostgreSQL database as in --from.",
            o => o.To, (o, v) => o with { To = v }) with { Verbs = [Run, Doctor, Drop, DemoVerb] },
        Text("name", "Name of the changefeed: " + ChangefeedName.RuleText + ".", "name",
            o => o.Name, (o, v) => o with { Name = v }) with
        {
            Verbs = [Run, Doctor, Drop], DefaultText = "<database>_<6 hex of source and target>",
        },
        Text("state", "Directory that holds the state of all changefeeds.", "directory",
            o => o.State, (o, v) => o with { State = v }) with
        {
            Verbs = [Run, Drop], DefaultText = "./cdc-data; none for stdout and blackhole",
        },
    ];

    static ImmutableArray<OptionDefinition> Choice() =>
    [
        List("tables", "Tables to carry: schema.table, or a schema; * and ? stand for characters. May repeat.",
            "pattern",
            o => o.Tables, (o, v) => o with { Tables = v }) with { Verbs = [Run, Doctor], DefaultText = "all" },
        List("exclude", "Tables to leave out of those. May repeat.", "pattern",
            o => o.Exclude, (o, v) => o with { Exclude = v }) with { Verbs = [Run, Doctor] },
        List("excludeColumns", "Columns to leave out: schema.table.column. Not those of a key. May repeat.", "pattern",
            o => o.ExcludeColumns, (o, v) => o with { ExcludeColumns = v }) with { Verbs = [Run, Doctor] },
        List("excludeOps", "Kinds of change to leave out: schema.table:insert,update,delete,truncate. May repeat.",
            "pattern:kinds",
            o => o.ExcludeOps, (o, v) => o with { ExcludeOps = v }) with { Verbs = [Run, Doctor] },
    ];

    static ImmutableArray<OptionDefinition> Course() =>
    [
        Choice<SnapshotMode>("snapshot", "Tables as they are now: all, then the stream; none of them; or only them.",
            o => o.Snapshot, (o, v) => o with { Snapshot = v }) with { Verbs = [Run] },
        Number("snapshotParallel", "Connections that copy tables at the same time.", 1, 64,
            o => o.SnapshotParallel, (o, v) => o with { SnapshotParallel = (int)v }) with
        {
            Verbs = [Run], Schemes = [Options.Address.Postgres],
        },
        Text("until", "When to stop: now, snapshot, a position, or a time.", "point",
            o => o.Until, (o, v) => o with { Until = v }) with { Verbs = [Run], DefaultText = "never" },
    ];

    static ImmutableArray<OptionDefinition> Target() =>
    [
        Choice<ExistingRows>("existing",
            "Rows that a table of a database target holds before it is copied: refuse them, keep them, or truncate.",
            o => o.Existing, (o, v) => o with { Existing = v }) with
        {
            Verbs = [Run, Doctor], Schemes = [Options.Address.Postgres],
        },
        Choice<DdlMode>("ddl",
            "DDL of the source in a database target: apply it, apply it but drop nothing, ignore it, or stop at it.",
            o => o.Ddl, (o, v) => o with { Ddl = v }) with { Verbs = [Run], Schemes = [Options.Address.Postgres] },
    ];

    static ImmutableArray<OptionDefinition> Output() =>
    [
        Choice<OutputFormat>("format", "Form of the rows.", o => o.Format, (o, v) => o with { Format = v }) with
        {
            Verbs = [Run, Doctor, DemoVerb], Schemes = [Options.Address.Files, Options.Address.Stdout],
        },
        Switch("gzip", "Compress files with gzip.", o => o.Gzip, (o, v) => o with { Gzip = v }) with
        {
            Verbs = [Run, DemoVerb], Schemes = [Options.Address.Files],
        },
        Size("rotateBytes", "Size at which a file is closed and the next begun.", 1 << 10,
            o => o.RotateBytes, (o, v) => o with { RotateBytes = v }) with
        {
            Verbs = [Run, DemoVerb], Schemes = [Options.Address.Files],
        },
        Duration("rotateInterval",
            "Longest time that a row waits in a file before the file is closed and named in the index.",
            o => o.RotateInterval, (o, v) => o with { RotateInterval = v }) with
        {
            Verbs = [Run, DemoVerb], Schemes = [Options.Address.Files],
        },
    ];

    static ImmutableArray<OptionDefinition> Source() =>
    [
        Choice<DdlCaptureMode>("ddlCapture",
            "How schema changes are seen: by event triggers, or by the rows that come after. off: they end the run.",
            o => o.DdlCapture, (o, v) => o with { DdlCapture = v }) with { Verbs = [Run],
                Schemes = [Options.Address.Postgres] },
        Duration("heartbeat", "Pause between marks in an idle source's log, so that its slot moves on; 0: none.",
            o => o.Heartbeat, (o, v) => o with { Heartbeat = v }) with { Verbs = [Run],
                Schemes = [Options.Address.Postgres] },
        Duration("slotWait", "How long to wait for a slot that another process reads.",
            o => o.SlotWait, (o, v) => o with { SlotWait = v }) with { Verbs = [Run],
                Schemes = [Options.Address.Postgres] },
        Duration("retryFor",
            "How long to try again while source or target can't be reached; 0: for ever, once it was reached.",
            o => o.RetryFor, (o, v) => o with { RetryFor = v }) with { Verbs = [Run],
                Schemes = [Options.Address.Postgres] },
    ];

    static ImmutableArray<OptionDefinition> Demo() =>
    [
        Number("seed", "Demo: the same seed gives the same bytes.", 0, long.MaxValue,
            o => o.Seed, (o, v) => o with { Seed = v }) with { Verbs = [Run, DemoVerb],
                Schemes = [Options.Address.Demo] },
        Number("transactions", "Demo: how many transactions there are; 0: no end.", 0, long.MaxValue,
            o => o.Transactions, (o, v) => o with { Transactions = v }) with
        {
            Verbs = [Run, DemoVerb], Schemes = [Options.Address.Demo],
        },
        Number("rate", "Demo: transactions a second; 0: as fast as they can be written.", 0, 1_000_000,
            o => o.Rate, (o, v) => o with { Rate = (int)v }) with { Verbs = [Run, DemoVerb],
                Schemes = [Options.Address.Demo] },
        Number("accounts", "Demo: rows of the accounts table.", 2, 10_000_000,
            o => o.Accounts, (o, v) => o with { Accounts = (int)v }) with
        {
            Verbs = [Run, DemoVerb], Schemes = [Options.Address.Demo],
        },
    ];
}
