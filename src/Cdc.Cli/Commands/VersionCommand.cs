using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Cdc.Cli.Flags;
using Cdc.Cli.Output;

namespace Cdc.Cli.Commands;

/// <summary>Prints what this build is.</summary>
static class VersionCommand
{
    public static int Run(CliHost host, VerbFlags flags)
    {
        string version = typeof(VersionCommand).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
        if (flags.Json)
        {
            JsonObject page = new()
            {
                ["version"] = version, ["runtime"] = RuntimeInformation.FrameworkDescription,
                ["platform"] = RuntimeInformation.RuntimeIdentifier,
            };
            host.Print(page.ToJsonString(JsonText.Line));
        }
        else
        {
            string runtime = $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}";
            host.Print($"cdc {version} ({runtime})");
        }
        return ExitCodes.Done;
    }
}
