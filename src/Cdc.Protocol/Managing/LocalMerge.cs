using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>One dispatcher of several that lie side by side.</summary>
/// <remarks><code>
/// Closing --all sources have nothing in flight--> Committed --target works, or is gone--> over
///    | a source or the target goes
///    v
/// given up: sources work again, the target is removed
/// </code></remarks>
sealed class LocalMerge(Epoch epoch, MergeItem item, Dispatcher target, IReadOnlyList<Dispatcher> sources)
{
    public Epoch Epoch { get; } = epoch;
    public MergeItem Item { get; } = item;
    public Dispatcher Target { get; } = target;
    public IReadOnlyList<Dispatcher> Sources { get; } = sources;

    /// <summary>The target has its start: it is kept, and its sources are gone.</summary>
    public bool IsCommitted { get; set; }

    public bool IsBroken
    {
        get
        {
            if (Target.State != ComponentState.Preparing) return true;
            foreach (Dispatcher source in Sources)
            {
                if (source.State != ComponentState.WaitingMerge) return true;
            }

            return false;
        }
    }

    public bool IsReady
    {
        get
        {
            foreach (Dispatcher source in Sources)
            {
                if (!source.IsClosedForMerge) return false;
            }

            return true;
        }
    }

    public bool IsOver =>
        IsCommitted && Target.State is not (ComponentState.Preparing or ComponentState.Initializing);

    /// <summary>Behind it nothing of any source is durable for certain; all that stand at one event have it just
    /// before that event.</summary>
    public CommitTs Start
    {
        get
        {
            CommitTs start = Sources[0].Checkpoint;
            foreach (Dispatcher source in Sources) start = CommitTs.Min(start, source.Checkpoint);
            return start;
        }
    }

    /// <summary>Whether the spans lie side by side, in order, and make up the target's.</summary>
    public static bool Fits(TableSpan target, IReadOnlyList<Dispatcher> sources)
    {
        if (sources.Count < 2 || sources[0].Span.From != target.From || sources[^1].Span.To != target.To) return false;
        for (int i = 0; i < sources.Count; i++)
        {
            if (sources[i].Span.Table != target.Table) return false;
            if (i > 0 && sources[i].Span.From != sources[i - 1].Span.To) return false;
        }

        return true;
    }
}
