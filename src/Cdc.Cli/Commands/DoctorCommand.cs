using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Cdc.Cli.Output;
using Cdc.Cli.Parts;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Postgres.Setup;

namespace Cdc.Cli.Commands;

/// <summary>Looks at a source, and at a target if one is given, and tells all that matters for carrying the one to the
/// other. Changes nothing.</summary>
static class DoctorCommand
{
    public static async Task<int> RunAsync(Invocation call)
    {
        Address from = call.Outcome.From!;
        call.Failures.Where = $"source {Secrets.Masked(call.Options.From)}";
        Connectors connectors = new(call);
        await using ISource source = connectors.Source(from, "unnamed", isTemporary: true,
            Path.GetTempPath());
        SourceFacts facts = await source.InspectAsync(call.Stop);
        DoctorFacts? server = from.Scheme == Address.Postgres
            ? await PostgresDoctor.LookAsync(PostgresAddress.Parse(from.Place), call.Stop)
            : null;
        ImmutableArray<Problem> problems =
        [
            .. facts.Problems, .. SelectionCheck.Problems(Connectors.SelectionOf(call.Options), facts, null),
            .. connectors.Filter().Problems(facts.Tables, []),
            .. ForFormat(call.Options.Format, facts), .. await AtTargetAsync(call, connectors, facts),
        ];
        if (call.Flags.Json) call.Host.Print(Json(facts, server, problems).ToJsonString(JsonText.Page));
        else call.Host.Print(Text(facts, server, problems));
        return ExitCodes.Of(problems);
    }

    // What a run looks for before it begins. A target that can't be reached is one problem among the others.
    static async Task<IReadOnlyList<Problem>> AtTargetAsync(Invocation call, Connectors connectors, SourceFacts facts)
    {
        if (call.Outcome.To is not { } to) return [];
        Address from = call.Outcome.From!;
        string name = call.Options.Name ?? await OpenChangefeed.NameAsync(connectors, call, from, to);
        try
        {
            await using ISink sink = connectors.Sink(to, name, Connectors.DatabaseOf(from));
            return await sink.InspectAsync(facts, call.Stop);
        }
        catch (CdcException failure)
        {
            return [new(failure.Kind, failure.Message, failure.Fix)];
        }
    }

    // Common readers of that format refuse an update or delete without its old row.
    static IEnumerable<Problem> ForFormat(OutputFormat format, SourceFacts facts) =>
        format != OutputFormat.Debezium ? [] : facts.Tables
            .Where(table => table.CanUpdate && table.Identity != ReplicaIdentity.Full)
            .Select(table => new Problem(FailureKind.SourceUnfit,
                $"Table {table.Name} has no REPLICA IDENTITY FULL, so 'before' is null in its updates, which "
                + "common readers of the Debezium format refuse.",
                $"ALTER TABLE {Quote(table.Name.Schema)}.{Quote(table.Name.Name)} REPLICA IDENTITY FULL;",
                IsWarning: true));

    static string Text(SourceFacts facts, DoctorFacts? server, ImmutableArray<Problem> problems)
    {
        StringBuilder text = new();
        text.AppendLine($"{facts.Server}, database {facts.Identity.Database}");
        if (facts.Identity.Kind == Address.Postgres)
            text.AppendLine($"system identifier {facts.Identity.System}, timeline {facts.Identity.Timeline}");
        string rows = facts.Tables.Sum(table => Math.Max(0, table.Rows)).ToString("N0", CultureInfo.InvariantCulture);
        // Counts are the server's own of its last ANALYZE: to count now would wait for whoever holds a table.
        int uncounted = facts.Tables.Count(table => table.Rows < 0);
        text.AppendLine($"{facts.Tables.Length} {(facts.Tables.Length == 1 ? "table matches" : "tables match")}, about "
            + $"{rows} rows, {ProblemText.Bytes(facts.Tables.Sum(table => Math.Max(0, table.Bytes)))}"
            + (uncounted == 0 ? "" : $", without the {uncounted} that the server has not analyzed yet"));
        int insertsOnly = facts.Tables.Count(table => !table.CanUpdate);
        if (insertsOnly > 0)
            text.AppendLine($"{insertsOnly} of them can't tell their rows apart: inserts and truncates only");
        if (server is not null) Append(text, server);
        ProblemText.Append(text, problems);
        bool ready = problems.All(problem => problem.IsWarning);
        text.AppendLine().Append(ready ? "Ready. " : "Not ready. ").Append("Nothing was changed.");
        return text.ToString();
    }

    static void Append(StringBuilder text, DoctorFacts server)
    {
        text.AppendLine().AppendLine("What this role can do:");
        foreach (PrivilegeLevel level in server.Levels)
        {
            text.AppendLine($"  {level.Name}: {(level.IsReached ? "yes" : "no")} (needs {level.Needs})");
            foreach (string missing in level.Missing) text.AppendLine($"    - {missing}");
        }
        text.AppendLine().AppendLine(server.Slots.Length == 0 ? "Slots of cdc: none" : "Slots of cdc:");
        foreach (SlotFacts slot in server.Slots)
        {
            string reader = slot.ActivePid > 0 ? $"read by process {slot.ActivePid}" : "nobody reads it";
            text.AppendLine($"  {slot.Name} (database {slot.Database}): "
                + $"holds {ProblemText.Bytes(slot.RetainedBytes)} of log, {slot.WalStatus}, {reader}");
        }
        if (server.Transactions.Length > 0)
            text.AppendLine().AppendLine("Open transactions, which a first start waits for:");
        foreach (OpenTransaction open in server.Transactions)
            text.AppendLine($"  process {open.Pid}, role {open.Role}, {open.Application}, since {open.Since}");
        text.AppendLine().AppendLine("Not carried to a target: owners, grants and comments; of this database also:");
        foreach (NotCarried kind in server.NotCarried)
        {
            string more = kind.Count > kind.Names.Length ? ", …" : "";
            text.AppendLine($"  {kind.Kind}: {kind.Count} ({string.Join(", ", kind.Names)}{more})");
        }
        if (server.NotCarried.Length == 0) text.AppendLine("  nothing");
    }

    static JsonObject Json(SourceFacts facts, DoctorFacts? server, ImmutableArray<Problem> problems) => new()
    {
        ["ready"] = problems.All(problem => problem.IsWarning),
        ["server"] = facts.Server,
        ["database"] = facts.Identity.Database,
        ["system"] = facts.Identity.System,
        ["timeline"] = facts.Identity.Timeline,
        ["tables"] = ProblemText.Json(facts.Tables),
        ["problems"] = ProblemText.Json(problems),
        ["privileges"] = new JsonArray([.. (server?.Levels ?? []).Select(level => (JsonNode)new JsonObject
        {
            ["level"] = level.Name, ["reached"] = level.IsReached, ["needs"] = level.Needs,
            ["missing"] = new JsonArray([.. level.Missing.Select(missing => (JsonNode)missing)]),
        })]),
        ["slots"] = new JsonArray([.. (server?.Slots ?? []).Select(slot => (JsonNode)new JsonObject
        {
            ["name"] = slot.Name, ["database"] = slot.Database, ["retainedBytes"] = slot.RetainedBytes,
            ["walStatus"] = slot.WalStatus, ["activePid"] = slot.ActivePid,
        })]),
        ["notCarried"] = new JsonArray([.. (server?.NotCarried ?? []).Select(kind => (JsonNode)new JsonObject
        {
            ["kind"] = kind.Kind, ["count"] = kind.Count,
            ["names"] = new JsonArray([.. kind.Names.Select(name => (JsonNode)name)]),
        })]),
    };

    static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
