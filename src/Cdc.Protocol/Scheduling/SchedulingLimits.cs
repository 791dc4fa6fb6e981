namespace Cdc.Protocol.Scheduling;

/// <summary>Times and bounds of scheduling.</summary>
internal static class SchedulingLimits
{
    /// <summary>A request is said again after this long, until what it asks for is so.</summary>
    public static readonly TimeSpan Repeat = TimeSpan.FromSeconds(1);

    /// <summary>How often the load of the nodes is compared.</summary>
    public static readonly TimeSpan BalanceInterval = TimeSpan.FromSeconds(15);

    /// <summary>So long balance leaves alone what open block events stop.</summary>
    public static readonly TimeSpan BalancePatience = TimeSpan.FromMinutes(1);

    /// <summary>An operation that runs for longer is told as something that is being waited for.</summary>
    public static readonly TimeSpan LongOperation = TimeSpan.FromSeconds(30);

    /// <summary>So many items go to one node in one message, one message a tick.</summary>
    public const int ItemsPerRequest = 2048;

    /// <summary>So many items may be said to one node and not be done yet.</summary>
    public const int InFlightPerNode = 4 * ItemsPerRequest;

    /// <summary>So many absent spans are given to nodes in one tick.</summary>
    public const int PlacedPerTick = 4 * ItemsPerRequest;

    /// <summary>So many moves may run at once to even out the load.</summary>
    public const int BalanceMoves = 64;

    /// <summary>So many moves may run at once away from one node that is drained.</summary>
    public const int DrainMoves = 256;

    /// <summary>A table is cut into at most so many spans.</summary>
    public const int SpansPerTable = 1024;
}
