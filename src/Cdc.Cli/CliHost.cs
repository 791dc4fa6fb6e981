using Cdc.Engine;

namespace Cdc.Cli;

/// <summary>All that the command takes from the process it runs in, so that a test can be that process.</summary>
sealed class CliHost : IDisposable
{
    /// <summary>Carries what a verb was asked to print; nothing else.</summary>
    public required Stream Output { get; init; }

    /// <summary>Carries rows. Null: the process's standard output itself, opened so that a reader who goes away is
    /// noticed, which the console's own stream hides.</summary>
    public Stream? Rows { get; init; }

    /// <summary>Carries everything said to people.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether a line on <see cref="Error"/> can be written over.</summary>
    public bool ErrorIsTerminal { get; init; }

    public required TimeProvider Time { get; init; }
    public required StopSignals Signals { get; init; }
    public IMilestones Milestones { get; init; } = NoMilestones.Instance;
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>What relative paths are relative to.</summary>
    public string Directory { get; init; } = System.Environment.CurrentDirectory;

    public static CliHost OfProcess() => new()
    {
        Output = Console.OpenStandardOutput(),
        Error = Console.Error,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Time = TimeProvider.System,
        Signals = StopSignals.OfProcess(),
    };

    /// <summary>The absolute form of a path that a person gave.</summary>
    public string PathOf(string path) => Path.GetFullPath(path, Directory);

    /// <summary>Writes text for a program or person that asked for it.</summary>
    public void Print(string text)
    {
        try
        {
            Output.Write(System.Text.Encoding.UTF8.GetBytes(text + "\n"));
            Output.Flush();
        }
        catch (IOException)
        {
            // Who asked has seen enough: `cdc --help | head -3`.
        }
    }

    public void Dispose() => Signals.Dispose();
}
