using System.Runtime.CompilerServices;

namespace Cdc.Tidy.Tests;

/// <summary>The repository's own files, found from where this file was compiled.</summary>
static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> SourceFiles(params string[] folders) =>
        folders.Select(static folder => Path.Combine(Root, folder)).Where(Directory.Exists)
            .SelectMany(static folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(static file => !IsBuilt(file));

    public static IEnumerable<string> Projects(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.csproj", SearchOption.AllDirectories)
            .Where(static file => !IsBuilt(file));

    public static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    static bool IsBuilt(string file)
    {
        string path = Relative(file);
        return path.Contains("/obj/", StringComparison.Ordinal) || path.Contains("/bin/", StringComparison.Ordinal);
    }

    static string FindRoot([CallerFilePath] string here = "")
    {
        string? folder = File.Exists(here) ? Path.GetDirectoryName(here) : AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Cdc.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("Not inside the repository.");
    }
}
