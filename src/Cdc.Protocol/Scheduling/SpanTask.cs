using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>One span in a maintainer's schedule: where it runs, and how far it is known to be.</summary>
/// <remarks><code>
/// Absent --create sent--> Scheduling --working--> Replicating
///    ^                         |                       |
///    +----- node lost, stopped +-----------------------+
/// </code></remarks>
public sealed class SpanTask(Mode mode, DispatcherId id, TableSpan span, string schema, CommitTs checkpoint)
{
    public Mode Mode { get; } = mode;
    public DispatcherId Id { get; } = id;
    public TableSpan Span { get; } = span;
    public string Schema { get; internal set; } = schema;
    public TaskState State { get; internal set; }

    /// <summary>The incarnation that was created last; default: none yet.</summary>
    public Owner Owner { get; internal set; }

    /// <summary>Where it runs or is to run; default: nowhere.</summary>
    public NodeId Node { get; internal set; }

    /// <summary>Everything of the span up to it is durable downstream. A report of WAITING says so of what lies before
    /// the event, a report of DONE of the event itself; never goes back.</summary>
    public CommitTs Checkpoint { get; private set; } = checkpoint;

    /// <summary>Whether it is a part that an earlier maintainer made: it is not created again.</summary>
    /// <remarks>A later owner may have merged the table, passed an event that needs it in one span, and gone. The claim
    /// of a part would be answered behind that event, which is still to be reported here.</remarks>
    internal bool IsInherited { get; init; }

    /// <summary>Whether it has nothing more to do with a block event at <paramref name="at"/>.</summary>
    public bool IsBeyond(CommitTs at) => Checkpoint >= at;

    /// <summary>What kind of failure holds it, as it said last; null: none does.</summary>
    public FaultKind? Held { get; internal set; }

    public bool IsReplicating => State == TaskState.Replicating;

    /// <summary>What is being done with it; null: nothing. One operation at a time.</summary>
    internal Operation? Operation { get; set; }

    internal int HeapSlot = -1;
    internal int NodeSlot = -1;
    internal int AbsentSlot = -1;

    /// <summary>The last complete heartbeat that had it.</summary>
    internal ulong SeenIn;

    internal bool Raise(CommitTs checkpoint)
    {
        if (checkpoint <= Checkpoint) return false;
        Checkpoint = checkpoint;
        return true;
    }

    public override string ToString() => $"{Id} {Span} {State} {Owner} at {Checkpoint}";
}

/// <summary>Whether a span runs.</summary>
public enum TaskState : byte
{
    Absent = 0,

    /// <summary>An operation is under way; its reports do not count.</summary>
    Scheduling = 1,

    /// <summary>It runs, and nothing is being done with it: its reports count.</summary>
    Replicating = 2,
}
