using Cdc.Protocol;

namespace Cdc.Simulator.Target;

/// <summary>A row of the target's progress table: who may write a span, and how far it is.</summary>
public sealed class ProgressRow(TableSpan span, Owner owner, CommitTs position)
{
    public TableSpan Span { get; } = span;

    /// <summary>Who claimed exactly this span last.</summary>
    public Owner Owner { get; set; } = owner;

    /// <summary>Whether a larger owner has claimed a part of it: nobody writes under it any more.</summary>
    public bool IsClosed { get; set; }

    public CommitTs Position { get; set; } = position;

    /// <summary>The transactions that have changed this row and are still open: a claim waits for them.</summary>
    public int Writers { get; set; }
}
