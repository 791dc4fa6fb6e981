namespace Cdc.Protocol.Maintenance;

/// <summary>Times of a maintainer.</summary>
internal static class MaintainerTimes
{
    /// <summary>A request to the changefeed or to a manager is said again after this long without an answer.</summary>
    public static readonly TimeSpan Repeat = TimeSpan.FromSeconds(1);

    /// <summary>How soon a change is reported to the changefeed.</summary>
    public static readonly TimeSpan ReportChange = TimeSpan.FromSeconds(1);

    /// <summary>How often it reports anyway.</summary>
    public static readonly TimeSpan ReportAnyway = TimeSpan.FromSeconds(5);

    /// <summary>How often the managers are told the persisted checkpoint again.</summary>
    public static readonly TimeSpan NoticeAgain = TimeSpan.FromSeconds(10);

    /// <summary>How often it is looked for parked tables that are dropped.</summary>
    public static readonly TimeSpan LookForDropped = TimeSpan.FromSeconds(10);

    /// <summary>A table that a failure holds for this long is parked.</summary>
    public static readonly TimeSpan HeldLimit = TimeSpan.FromHours(1);
}
