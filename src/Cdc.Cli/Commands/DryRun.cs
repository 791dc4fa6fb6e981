using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Cdc.Cli.Output;
using Cdc.Cli.Parts;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Sources;

namespace Cdc.Cli.Commands;

/// <summary>Shows what a run would do: options, tables, statements, and how much there is to copy. Changes
/// nothing.</summary>
static class DryRun
{
    public static async Task<int> ShowAsync(Invocation call, OpenChangefeed open)
    {
        SourceFacts facts = await open.Source.InspectAsync(call.Stop);
        IReadOnlyList<Problem> target = await open.Sink.InspectAsync(facts, call.Stop);
        Problem[] problems =
        [
            .. facts.Problems,
            .. SelectionCheck.Problems(Connectors.SelectionOf(call.Options), facts, open.EarlierOptions()),
            .. open.Filter.Problems(facts.Tables, open.EarlierSchemas()), .. target,
        ];
        if (call.Flags.Json) call.Host.Print(Json(call, open, facts, problems).ToJsonString(JsonText.Page));
        else call.Host.Print(Text(call, open, facts, problems));
        return ExitCodes.Of(problems);
    }

    static string Text(Invocation call, OpenChangefeed open, SourceFacts facts, Problem[] problems)
    {
        StringBuilder text = new();
        text.AppendLine($"Changefeed {open.Name}: {open.Route}");
        text.AppendLine($"State:     {open.StateDirectory ?? "none, nothing stays"}");
        text.AppendLine($"Source:    {facts.Server}, database {facts.Identity.Database}");
        text.AppendLine().AppendLine("Options (and where each comes from):");
        foreach ((string name, string value) in OpenChangefeed.Shown(call.Options))
            text.AppendLine($"  {name,-18}{value}  ({call.Outcome.Origins.GetValueOrDefault(name, "default")})");
        text.AppendLine().AppendLine($"Tables ({facts.Tables.Length}):");
        foreach (MatchedTable table in facts.Tables) text.AppendLine(Row(table));
        text.AppendLine().AppendLine($"Snapshot:  {Estimate(call.Options, facts)}");
        text.AppendLine().AppendLine("Statements on the source at the first start:");
        if (facts.Plan.Length == 0) text.AppendLine("  none");
        foreach (string statement in facts.Plan) text.AppendLine($"  {statement};".Replace(";;", ";",
            StringComparison.Ordinal));
        text.AppendLine().AppendLine("Statements on the target at the first start:");
        if (open.Sink.Plan.Count == 0) text.AppendLine("  none");
        foreach (string statement in open.Sink.Plan) text.AppendLine($"  {statement};");
        ProblemText.Append(text, problems);
        text.AppendLine().Append("Nothing was changed.");
        return text.ToString();
    }

    static string Row(MatchedTable table)
    {
        string rows = table.Rows < 0 ? "?" : table.Rows.ToString("N0", CultureInfo.InvariantCulture);
        string note = table.CanUpdate ? "" : "  inserts only: no key to tell rows apart";
        return $"  {table.Name,-40} about {rows} rows, {ProblemText.Bytes(table.Bytes)}{note}";
    }

    static string Estimate(ChangefeedOptions options, SourceFacts facts)
    {
        if (options.Snapshot == SnapshotMode.None) return "none";
        long rows = facts.Tables.Sum(table => Math.Max(0, table.Rows));
        string about = rows.ToString("N0", CultureInfo.InvariantCulture);
        bool unsure = facts.Tables.Any(table => table.Rows < 0);
        return $"about {about} rows, {ProblemText.Bytes(facts.Tables.Sum(table => Math.Max(0, table.Bytes)))}"
            + $", over {options.SnapshotParallel} connections{(unsure ? "; some tables were never analyzed" : "")}";
    }

    static JsonObject Json(Invocation call, OpenChangefeed open, SourceFacts facts, Problem[] problems) => new()
    {
        ["name"] = open.Name,
        ["state"] = open.StateDirectory,
        ["server"] = facts.Server,
        ["database"] = facts.Identity.Database,
        ["options"] = new JsonObject(OpenChangefeed.Shown(call.Options)
            .Select(option => KeyValuePair.Create(option.Key, (JsonNode?)option.Value))),
        ["tables"] = ProblemText.Json(facts.Tables),
        ["sourceStatements"] = new JsonArray([.. facts.Plan.Select(statement => (JsonNode)statement)]),
        ["targetStatements"] = new JsonArray([.. open.Sink.Plan.Select(statement => (JsonNode)statement)]),
        ["problems"] = ProblemText.Json(problems),
    };
}
