using Cdc.Engine.Failures;

namespace Cdc.Embedded.State;

/// <summary>What is said of a state directory that can't be used.</summary>
static class StateUnusable
{
    public const string WayOut =
        "Put the directory back from a backup of the same moment as the target's, or start over: cdc drop, then run.";

    public static CdcException Damaged(string path, string how) =>
        new(FailureKind.StateUnusable, $"The state in {path} {how}.", WayOut);

    public static CdcException Newer(string path, int format, int known) => new(
        FailureKind.StateUnusable,
        $"The state in {path} was written by a newer cdc: its format is {format}, this one reads {known}.",
        "Use the newer cdc, or another --name.");
}
