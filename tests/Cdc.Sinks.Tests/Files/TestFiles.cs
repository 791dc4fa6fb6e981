using Cdc.Sinks.Files;

namespace Cdc.Sinks.Tests.Files;

/// <summary>A file sink's options for tests.</summary>
internal static class TestFiles
{
    public static FileSinkOptions Options(TimeProvider clock, string directory = "") => new()
    {
        Directory = directory,
        Encoder = static () => new LineEncoder(),
        Clock = clock,
        RotateInterval = TimeSpan.FromSeconds(5),
    };
}
