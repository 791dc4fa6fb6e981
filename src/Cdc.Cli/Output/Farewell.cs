using System.Text.Json.Nodes;
using Cdc.Cli.Commands;
using Cdc.Cli.Parts;
using Cdc.Embedded.Running;

namespace Cdc.Cli.Output;

/// <summary>The last lines of a run: where it stopped, what stays in the source, and how to remove it.</summary>
static class Farewell
{
    public static void Say(Invocation call, OpenChangefeed open, RunResult result)
    {
        if (call.Flags.Json)
        {
            JsonObject line = new()
            {
                ["done"] = open.Name, ["checkpoint"] = result.Checkpoint.ToString(),
                ["reachedUntil"] = result.ReachedUntil, ["copied"] = result.IsCopied,
                ["leftBehind"] = new JsonArray(
                    [.. result.LeftBehind.Select(what => (JsonNode)call.Failures.Typed(what))]),
                ["drop"] = result.LeftBehind.Count > 0 ? call.DropCommandOf(open.Name) : null,
            };
            call.Host.Error.WriteLine(line.ToJsonString(JsonText.Line));
            return;
        }
        TextWriter error = call.Host.Error;
        string how = result.ReachedUntil ? "reached the end that was asked for" : "stopped cleanly";
        string written = result.IsCopied ? $"everything up to {result.Checkpoint} is written."
            : open.StateDirectory is null ? "the tables are not all copied, and nothing is kept to go on from."
            : "the tables are not all copied; the next run goes on with those that are left.";
        error.WriteLine($"cdc: {how}; {written}");
        if (result.LeftBehind.Count == 0)
        {
            error.WriteLine("cdc: nothing stays in the source.");
            return;
        }
        foreach (string what in result.LeftBehind) error.WriteLine($"cdc: {call.Failures.Typed(what)}");
    }
}
