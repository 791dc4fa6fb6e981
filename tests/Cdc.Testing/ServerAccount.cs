using System.Globalization;

namespace Cdc.Testing;

/// <summary>
/// Who runs the server. PostgreSQL refuses root, so root's tests run it as the user <c>postgres</c>; anyone else runs
/// it as themselves.
/// </summary>
sealed class ServerAccount
{
    static readonly Lazy<Task<ServerAccount>> Shared = new(FindAsync);

    readonly (uint User, uint Group)? _other;

    ServerAccount((uint User, uint Group)? other) => _other = other;

    public static Task<ServerAccount> GetAsync() => Shared.Value;

    /// <summary>The command line that runs this command as the server's user.</summary>
    public (string File, IEnumerable<string> Arguments) Command(string file, IEnumerable<string> arguments) =>
        _other is not var (user, group)
            ? (file, arguments)
            : ("setpriv", [$"--reuid={user}", $"--regid={group}", "--clear-groups", file, .. arguments]);

    public Task<ProcessResult> RunAsync(string file, params IEnumerable<string> arguments)
    {
        (string command, IEnumerable<string> line) = Command(file, arguments);
        return ProcessRun.RunAsync(command, line, TimeSpan.FromMinutes(2));
    }

    public void Own(string path)
    {
        if (_other is var (user, group)) Posix.ChangeOwner(path, user, group);
    }

    static async Task<ServerAccount> FindAsync()
    {
        if (!Posix.IsRoot) return new(null);
        ProcessResult user = await ProcessRun.RunAsync("id", ["-u", "postgres"]);
        ProcessResult group = await ProcessRun.RunAsync("id", ["-g", "postgres"]);
        if (user.ExitCode != 0 || group.ExitCode != 0)
            throw new ServerMissingException("PostgreSQL refuses to run as root, and there is no user 'postgres'.");
        return new((Number(user), Number(group)));
    }

    static uint Number(ProcessResult result) => uint.Parse(result.Output.Trim(), CultureInfo.InvariantCulture);
}
