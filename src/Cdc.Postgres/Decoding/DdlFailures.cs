using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Decoding;

/// <summary>Why the stream can't go on behind a schema change.</summary>
internal static class DdlFailures
{
    const string StartOver =
        "Start over with a new copy: cdc drop --name …, then the same command again with an empty target.";

    public static CdcException Unannounced(TableName table) => new(FailureKind.SourceUnfit,
        $"Table {table} is other than the event triggers said: they were off, or replaced, when it was changed.",
        $"See that the triggers of this changefeed are enabled (ALTER EVENT TRIGGER … ENABLE ALWAYS). {StartOver}");

    public static CdcException Untold(TableName table) => new(FailureKind.SourceUnfit,
        $"Table {table} has rows in the log from before it was captured: --tables did not reach it when they were "
        + "written, or the event triggers were off when it was made.",
        "If --tables reaches further than before: run with the former --tables and --until now, then with these while "
        + $"nothing writes to {table}. Or leave it out with --exclude {table}. {StartOver}");

    public static CdcException Changed(TableName table) => new(FailureKind.SourceUnfit,
        $"Table {table} was changed, and schema changes are not captured.",
        "Change the target's table in the same way and run with --ddl-capture relation, or let the changes be captured "
        + "with --ddl-capture trigger.");

    public static CdcException Unreadable(string why) => new(FailureKind.SourceUnfit,
        $"A schema change could not be read by the event trigger: {why}.", StartOver);

    public static CdcException NeedsCopy(TableName table) => new(FailureKind.TableStopped,
        $"Table {table} now matches --tables and holds rows that were never copied: it needs a new copy.",
        $"Leave it out with --exclude {table}. Or: {StartOver}");
}
