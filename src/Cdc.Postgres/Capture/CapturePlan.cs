using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Capture;

/// <summary>How schema changes will be captured, and what has to change in the server for it. Pure.</summary>
internal sealed record CapturePlan
{
    public CapturePlan(
        string changefeed, TableSelection selection, DdlCaptureMode wanted, CaptureFacts facts, ServerFacts server,
        bool temporary)
    {
        CaptureSql sql = new(changefeed, selection, server.Major);
        bool isCurrent = facts.IsWhole && facts.Version == sql.Version;
        bool isPossible = isCurrent || (facts.MayCreate && !server.IsStandby);
        Mode = wanted switch
        {
            DdlCaptureMode.Auto when temporary => DdlCaptureMode.Relation,
            DdlCaptureMode.Auto => isPossible ? DdlCaptureMode.Trigger : DdlCaptureMode.Relation,
            _ => wanted,
        };
        bool isTrigger = Mode == DdlCaptureMode.Trigger;
        if (isTrigger && !isCurrent) Steps = [.. sql.Create()];
        else if (!isTrigger && facts.IsThere && facts.MayCreate) Steps = [.. CaptureSql.Drop(changefeed)];
        WasBroken = isTrigger && !facts.IsWhole;
        Prefix = facts.Seal is { } seal ? $"{CaptureNames.MessagePrefix}{changefeed}.{seal}" : "";
        Problems = isTrigger && !isPossible
            ? [Missing(server, "the event triggers that --ddl-capture trigger asks for can't be made", false)]
            : wanted == DdlCaptureMode.Auto && !isTrigger && !temporary
                ? [Missing(server, "new tables are not captured, and dropped, renamed and rewritten ones not seen", true)]
                : [];
    }

    /// <summary>Trigger, Relation or Off.</summary>
    public DdlCaptureMode Mode { get; }

    /// <summary>Statements of one transaction; empty if all is as it should be.</summary>
    public ImmutableArray<string> Steps { get; } = [];

    public ImmutableArray<Problem> Problems { get; }

    /// <summary>The triggers were not all there, or off: what changed until now was perhaps not captured.</summary>
    public bool WasBroken { get; init; }

    /// <summary>Of the messages that count; empty if there are none.</summary>
    public string Prefix { get; }

    static Problem Missing(ServerFacts server, string what, bool isWarning)
    {
        string role = PostgresNames.Quote(server.Role);
        return new(FailureKind.SourceUnfit,
            $"Role {server.Role} may not create event triggers, so {what}.",
            $"ALTER ROLE {role} SUPERUSER; or a superuser runs the statements that --ddl-capture trigger --dry-run shows "
            + $"and GRANT USAGE ON SCHEMA cdc TO {role}; GRANT SELECT ON cdc.capture TO {role};"
            + (isWarning ? " To do without: --ddl-capture relation." : ""), isWarning);
    }
}
