using Cdc.Engine.Failures;

namespace Cdc.Cli;

/// <summary>Exit codes that no failure stands for; the others come from <see cref="Remedies.ExitCode"/>.</summary>
static class ExitCodes
{
    public const int Done = 0;
    public const int Bug = 1;
    public const int Usage = 2;
    public const int SecondSignal = 130;
}
