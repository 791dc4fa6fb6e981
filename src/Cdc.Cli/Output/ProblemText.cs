using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Cdc.Engine.Failures;
using Cdc.Engine.Sources;

namespace Cdc.Cli.Output;

/// <summary>What was found while looking, for people and for programs.</summary>
static class ProblemText
{
    public static void Append(StringBuilder text, IReadOnlyCollection<Problem> problems)
    {
        Append(text, "Keeps it from starting:", problems.Where(problem => !problem.IsWarning));
        Append(text, "Worth knowing:", problems.Where(problem => problem.IsWarning));
    }

    public static JsonArray Json(IEnumerable<Problem> problems) =>
        new([.. problems.Select(problem => (JsonNode)new JsonObject
    {
        ["kind"] = problem.Kind.ToString(), ["warning"] = problem.IsWarning, ["sentence"] = problem.Sentence,
        ["fix"] = problem.Fix,
    })]);

    public static JsonArray Json(IEnumerable<MatchedTable> tables) =>
        new([.. tables.Select(table => (JsonNode)new JsonObject
    {
        ["schema"] = table.Name.Schema, ["table"] = table.Name.Name, ["rows"] = table.Rows, ["bytes"] = table.Bytes,
        ["hasKey"] = table.HasKey, ["canUpdate"] = table.CanUpdate,
        ["replicaIdentity"] = table.Identity.ToString().ToLowerInvariant(),
    })]);

    public static string Bytes(long bytes)
    {
        if (bytes < 0) return "size unknown";
        (double size, string unit) = bytes switch
        {
            >= 1L << 30 => (bytes / (double)(1L << 30), "GiB"),
            >= 1L << 20 => (bytes / (double)(1L << 20), "MiB"),
            >= 1L << 10 => (bytes / (double)(1L << 10), "KiB"),
            _ => (bytes, "bytes"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {unit}");
    }

    static void Append(StringBuilder text, string title, IEnumerable<Problem> problems)
    {
        bool first = true;
        foreach (Problem problem in problems)
        {
            if (first) text.AppendLine().AppendLine(title);
            first = false;
            text.AppendLine($"  - {problem.Sentence}");
            if (problem.Fix is { } fix) text.AppendLine($"    fix: {fix.ReplaceLineEndings("\n         ")}");
        }
    }
}
