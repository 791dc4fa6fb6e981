namespace Cdc.Engine.Tests;

/// <summary>A directory that is gone after the test.</summary>
sealed class TestDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cdc-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Who may do what with the file; Windows has no such modes.</summary>
    public static UnixFileMode Mode(string path)
    {
        if (!OperatingSystem.IsWindows()) return File.GetUnixFileMode(path);
        Assert.Skip("Windows has no such modes");
        return default;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
