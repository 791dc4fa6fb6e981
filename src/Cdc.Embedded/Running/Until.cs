using Cdc.Protocol;

namespace Cdc.Embedded.Running;

/// <summary>When a run ends by itself.</summary>
public abstract record Until
{
    Until() { }

    public sealed record Never : Until;

    /// <summary>When everything committed before the start is durable downstream.</summary>
    public sealed record Now : Until;

    /// <summary>When the tables are copied.</summary>
    public sealed record Snapshot : Until;

    /// <summary>When everything at or before a position is durable downstream.</summary>
    public sealed record Position(CommitTs At) : Until;

    /// <summary>When everything committed before a time is durable downstream.</summary>
    public sealed record Time(DateTimeOffset At) : Until;
}
