using Cdc.Engine.Failures;

namespace Cdc.Cli;

/// <summary>Exit codes that no failure stands for, and those of several problems; the others come from
/// <see cref="Remedies.ExitCode"/>.</summary>
static class ExitCodes
{
    public const int Done = 0;
    public const int Bug = 1;
    public const int Usage = 2;
    public const int SecondSignal = 130;

    /// <summary>Of a look at what a run would meet: the first that would stop it counts.</summary>
    public static int Of(IEnumerable<Problem> problems) =>
        problems.FirstOrDefault(static problem => !problem.IsWarning) is { } stops
            ? Remedies.ExitCode(stops.Kind)
            : Done;
}
