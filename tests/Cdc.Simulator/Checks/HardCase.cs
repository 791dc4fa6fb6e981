using System.Reflection;

namespace Cdc.Simulator.Checks;

/// <summary>The states that a series of runs has to reach, or it proves nothing about them.</summary>
public static class HardCase
{
    public const string WriterReplaced = "WRITE re-sent to a replaced writer";
    public const string TakeoverWriting = "takeover with WRITING";
    public const string TakeoverAcknowledged = "takeover with WAITING acknowledged by the former maintainer";
    public const string SplitWaiting = "split while WAITING";
    public const string MergeWaiting = "merge while WAITING";
    public const string MoveWaiting = "move while WAITING";
    public const string HeldReleased = "held event released";
    public const string ZombieRefused = "zombie commit refused by the sink";
    public const string FoundRecorded = "sink answered \"recorded\"";
    public const string TwoMaintainers = "two maintainers alive";
    public const string Superseded = "superseded maintainer ended";
    public const string TombstoneRefused = "tombstone refused a bootstrap";
    public const string Paused = "changefeed paused and everything closed";
    public const string LeftAlone = "manager that no maintainer saw asked, and was closed by the changefeed";
    public const string SoughtWithoutRecord = "manager sought its maintainer where there is no record";
    public const string ScheduledToNewOwner = "SCHEDULED repeated to a new owner";
    public const string Ignored = "Ignored answered";
    public const string PassToNewIncarnation = "PASS to a new incarnation";
    public const string StaleCreate = "stale create dropped";
    public const string LateDone = "late DONE ignored";
    public const string ParkedByFailure = "table parked by a barrier that a failure held";
    public const string CopiedBack = "parked table copied and back";
    public const string ParkedAndDropped = "parked table dropped and forgotten";
    public const string SplitByTraffic = "table split since it is written much";
    public const string MergedByTraffic = "table merged that was split since it was written much";
    public const string OpenAtTheEnd = "block event open when the faults ended";
    public const string StoppedLost = "MaintainerStopped lost and closed again";
    public const string Gap = "session reset by a gap";
    public const string LostLastItem = "Resolved revealed a lost last item";
    public const string StoodStillMaintainer =
        "maintainer that stood still past its silence limit spoke and was superseded";
    public const string StoodStillDispatcher = "dispatcher that stood still wrote and was refused by owner";
    public const string StoodStillChangefeed = "changefeed that stood still stored and was refused";
    public const string SilentByJump = "a jump of the clock made a living maintainer silent";
    public const string ForgottenByJump = "a service whose clock jumped forgot its sessions";
    public const string NodeBack = "node left the view and was back before the maintainer ticked";
    public const string NodesBack = "several nodes left the view and were back before the maintainer ticked";
    public const string NodeBackAnew = "node began anew and was in view before the maintainer ticked";
    public const string ViewSaidAgain = "unchanged view said again to a maintainer";
    public const string RedoTriggerTakenOver = "takeover of a redo trigger";
    public const string RedoTakeoverInBlock = "takeover with a redo block event under way";
    public const string BothModesAtOneEvent = "both modes at one event";
    public const string CreditExhausted = "credit exhausted";
    public const string PersistRefused = "persist refused";
    public const string PersistUnknown = "persist of unknown outcome";
    public const string SinkUnknown = "unknown outcome at the sink";
    public const string ClaimFailed = "claim failed";
    public const string ClaimUnknown = "claim done and answered as failed";
    public const string ClaimLate = "claim done when its node was gone";
    public const string ClaimLateRefused = "claim refused when its node was gone";
    public const string Upgraded = "node upgraded";
    public const string WrittenForOlder = "message written for an older node";
    public const string LeftOutForOlder = "message left out for an older node";
    public const string RecordTooNew = "record of a later version than the node's";
    public const string RecordRewritten = "record of a later version than what is written next";
    public const string ForeignKeyAdded = "foreign key added";
    public const string TornWrite = "lines written of a hand-over that failed";
    public const string LineRepeated = "line written again";
    public const string LinesCopied = "table of lines copied";
    public const string CrashWhilePersisting = "crash between decide and persist";
    public const string SendRequeued = "send failed and requeued";
    public const string SyncpointWritten = "syncpoint written";
    public const string NormalOnSplit = "DDL of tables written on split tables";
    public const string DatabaseOnSplit = "DDL of a schema written on split tables";
    public const string KeyChangeAcross = "key change from one span to another";
    public const string KeyChangeReshaped = "halves of a key change written behind different cuts of the table";
    public const string FilledTable = "rows in the transaction that makes their table";
    public const string Mixed = "several DDL and rows and TRUNCATE in one transaction";
    public const string StepInPieces = "step written in several pieces";
    public const string StepBegunAnew = "step that was cut by a reset came again from its first piece";
    public const string TwoServices = "two event services alive";
    public const string SentAgain = "source sent again what the log has";
    public const string LogReadAgain = "log gone and read again from the confirmed position";
    public const string ConfirmedFellBack = "log read again from where a crash of the source set confirmed back to";
    public const string SlotLost = "slot lost, and the changefeed failed for an operator";
    public const string UnsplitMerged = "barrier merged a split table before it was written";
    public const string UnsplitTakeover = "takeover while a barrier merges a split table";
    public const string MadeWhole = "table made whole that an earlier maintainer had split";
    public const string AllOnSplit = "DDL of all tables written on split tables";

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. typeof(HardCase).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(static field => field.IsLiteral).Select(static field => (string)field.GetRawConstantValue()!),
    ];
}
