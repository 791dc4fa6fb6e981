using System.Collections.Immutable;
using Cdc.Engine;
using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Engine.State;
using Microsoft.Extensions.Logging;

namespace Cdc.Embedded.Running;

/// <summary>What one changefeed is put together from. The runner owns none of it: whoever made the parts disposes
/// them, and the last of the sinks that <see cref="AnotherSink"/> made instead of the first, if it was asked.</summary>
public sealed record ChangefeedParts
{
    public required string Name { get; init; }
    public required ISource Source { get; init; }
    public required ISink Sink { get; init; }

    /// <summary>Makes another sink on the same target, where the last one can't go on and another can. The runner has
    /// disposed the last one by then. Null: such a failure ends the run.</summary>
    public Func<ISink>? AnotherSink { get; init; }

    public required IStateStore State { get; init; }
    public required ChangeFilter Filter { get; init; }

    /// <summary>The patterns that the source was made with: those that match nothing are said or refused at the
    /// start.</summary>
    public TableSelection Selection { get; init; } = TableSelection.Everything;

    public SnapshotMode Snapshot { get; init; }
    public int SnapshotParallel { get; init; } = 2;

    /// <summary>When the run ends by itself; null: never.</summary>
    public StopPoint? Until { get; init; }

    /// <summary>How long to try again while the source can't be reached, or another sink gets no further than the one
    /// before it; zero: for ever.</summary>
    public TimeSpan RetryFor { get; init; }

    /// <summary>How long to wait at the start while another process reads at our place in the log.</summary>
    public TimeSpan PositionWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The options as they were given, secrets masked, kept in the state for people.</summary>
    public ImmutableSortedDictionary<string, string> Options { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    public required TimeProvider Time { get; init; }
    public required ILoggerFactory Loggers { get; init; }
    public IMilestones Milestones { get; init; } = NoMilestones.Instance;
}
