namespace Cdc.Protocol.Scheduling;

/// <summary>When a maintainer splits and merges tables by itself.</summary>
/// <param name="SplitAbove">A table that is written faster than so many bytes a second is split.</param>
public sealed record TrafficOptions(long SplitAbove)
{
    /// <summary>Below <see cref="SplitAbove"/> by this factor a split table is written little.</summary>
    public const int MergeBelow = 4;

    /// <summary>Over how long it is measured each time. The nodes say what is written every 10 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>So many windows in a row above the threshold split a table.</summary>
    public int WindowsToSplit { get; init; } = 3;

    /// <summary>So many windows in a row far below it merge one.</summary>
    public int WindowsToMerge { get; init; } = 10;
}
