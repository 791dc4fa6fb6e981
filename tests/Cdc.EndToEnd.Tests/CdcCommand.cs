using Cdc.Testing;

namespace Cdc.EndToEnd.Tests;

/// <summary>The cdc command as a process of its own, in a directory of its own.</summary>
sealed class CdcCommand : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    readonly TemporaryDirectory _directory = new("cdc-e2e-");

    /// <summary>Where relative paths of its arguments lie.</summary>
    public string Directory => _directory.Path;

    public static string Host => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    public static string Program => Path.Combine(AppContext.BaseDirectory, "cdc.dll");

    public string PathOf(string name) => _directory.File(name);

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public ProcessRun Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        ProcessRun.Start(Host, [Program, .. arguments], environment, Directory);

    public async Task<ProcessResult> RunAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        await using ProcessRun run = Start(arguments, environment);
        run.Input.Close();
        return await run.WaitAsync(s_patience);
    }

    public void Dispose() => _directory.Dispose();
}
