using System.Reflection;
using System.Runtime.CompilerServices;
using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Commands;

public sealed class PackagingTests
{
    static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    static string Root([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(file, "..", "..", "..", ".."));

    [Fact]
    public async Task The_tool_packs_installs_and_runs_the_demo()
    {
        using TemporaryDirectory place = new("cdc-pack-");
        // What was built and tested is packed, not built again.
        (await DotnetAsync("pack", Path.Combine(Root(), "src", "Cdc.Cli"), "--no-build", "-c", Configuration(),
            "-o", place.File("artifacts"), "--disable-build-servers", "-v", "q", "-nologo")).Expect0("dotnet pack");
        // The only source is the directory just packed to: installing reaches for no network.
        File.WriteAllText(place.File("nuget.config"),
            "<configuration><packageSources><clear /></packageSources></configuration>");
        (await DotnetAsync("tool", "install", "Cdc.Cli", "--tool-path", place.File("tools"),
            "--add-source", place.File("artifacts"), "--configfile",
                place.File("nuget.config"))).Expect0("dotnet tool install");
        string cdc = Path.Combine(place.File("tools"), OperatingSystem.IsWindows() ? "cdc.exe" : "cdc");
        ProcessResult demo = await ProcessRun.RunAsync(cdc,
            ["demo", "--to", place.File("demo"), "--transactions", "100"],
            TimeSpan.FromSeconds(90));
        demo.Expect0("cdc demo");
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(place.File("demo"), "data")));
    }

    static string Configuration() =>
        typeof(PackagingTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    static Task<ProcessResult> DotnetAsync(params string[] arguments) =>
        ProcessRun.RunAsync(CdcCommand.Host, arguments, s_patience);
}
