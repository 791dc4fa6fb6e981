namespace Cdc.Protocol.Scheduling;

/// <summary>What a barrier needs of the schedule of its mode.</summary>
/// <remarks>The spans of a table that is in it always cover the whole interval, without overlap, also those that run
/// nowhere. A table that is dropped, parked or being copied is not in it.</remarks>
public interface IBarrierSchedule
{
    /// <summary>The table trigger. Always there, perhaps absent; not among <see cref="All"/>.</summary>
    SpanTask Trigger { get; }

    /// <summary>Everything but the trigger, in a fixed order.</summary>
    IReadOnlyCollection<SpanTask> All { get; }

    /// <summary>The spans of a table in the order of their intervals; empty: it is not in the schedule.</summary>
    IReadOnlyList<SpanTask> OfTable(TableId table);

    /// <summary>The spans of a schema's tables.</summary>
    IReadOnlyCollection<SpanTask> OfSchema(string schema);

    /// <summary>A span or the trigger; null: not in the schedule.</summary>
    SpanTask? Find(DispatcherId id);

    /// <summary>Raises what is known of a span, and what is calculated from it.</summary>
    void Raise(SpanTask task, CommitTs checkpoint);

    /// <summary>Carries out what an executed block event does to the schedule: drops first, then adds, which start at
    /// <paramref name="at"/>, then changes of schema. What is so already stays so.</summary>
    void Apply(BlockPayload payload, CommitTs at, TimeSpan now);
}
