using System.Collections.Immutable;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>The merges of one mode on a node.</summary>
sealed class MergeHandling(ModePipeline pipeline)
{
    readonly List<LocalMerge> _merges = [];
    readonly Dictionary<Dispatcher, LocalMerge> _byPart = [];

    public void Begin(Epoch epoch, MergeItem item, Effects effects)
    {
        if (pipeline.Set.Find(item.Id) is { } known)
        {
            known.Restate();
            return;
        }

        bool isLate = pipeline.Ended(item.Id) is { } ended && ended.Owner >= item.Owner;
        if (isLate || item.Id.IsTrigger || !TryFind(item, out List<Dispatcher> sources))
        {
            // Refused once is refused for good: behind this answer the sources count again as running.
            if (!item.Id.IsTrigger) pipeline.EndedAs(item.Id, item.Owner);
            pipeline.Restate(item.Id, item.Owner);
            return;
        }

        ScheduleItem made = new(
            ScheduleAction.Create, OperationKind.Merge, item.Id, item.Owner, item.Span, item.Schema, default, false);
        Dispatcher target = pipeline.Add(made, ComponentState.Preparing);
        target.Restate();
        Add(new(epoch, item, target, sources));
        foreach (Dispatcher source in sources) source.BeginMerge(effects);
        foreach (Dispatcher source in sources) pipeline.Settle(source, effects);
    }

    /// <summary>After a dispatcher that may be a part of a merge has changed: after every input, so it must not cost
    /// more where there are many.</summary>
    public void Check(Dispatcher changed, Effects effects)
    {
        if (_byPart.Count == 0 || !_byPart.TryGetValue(changed, out LocalMerge? merge)) return;
        if (merge.IsCommitted)
        {
            if (merge.IsOver) Remove(merge);
        }
        else if (merge.IsBroken)
        {
            Remove(merge);
            Abort(merge, effects);
        }
        else if (merge.IsReady)
        {
            Commit(merge, effects);
        }
    }

    public void Clear()
    {
        _merges.Clear();
        _byPart.Clear();
    }

    public void Describe(ImmutableArray<OperationSnapshot>.Builder to)
    {
        foreach (LocalMerge merge in _merges) to.Add(new(merge.Epoch, pipeline.Mode, null, merge.Item));
    }

    /// <summary>A dispatcher is a part of one at a time: a source has to work, and a target works only when its merge
    /// is over.</summary>
    void Add(LocalMerge merge)
    {
        _merges.Add(merge);
        _byPart.Add(merge.Target, merge);
        foreach (Dispatcher source in merge.Sources) _byPart.Add(source, merge);
    }

    void Remove(LocalMerge merge)
    {
        _merges.Remove(merge);
        _byPart.Remove(merge.Target);
        foreach (Dispatcher source in merge.Sources) _byPart.Remove(source);
    }

    /// <summary>From here on the target is the one that has the span.</summary>
    void Commit(LocalMerge merge, Effects effects)
    {
        merge.IsCommitted = true;
        CommitTs start = merge.Start;
        foreach (Dispatcher source in merge.Sources)
        {
            source.Stop(effects);
            pipeline.Settle(source, effects);
        }

        merge.Target.StartMerged(start, effects);
        pipeline.Settle(merge.Target, effects);
    }

    void Abort(LocalMerge merge, Effects effects)
    {
        merge.Target.Stop(effects);
        pipeline.Settle(merge.Target, effects);
        foreach (Dispatcher source in merge.Sources)
        {
            source.AbortMerge(effects);
            pipeline.Settle(source, effects);
        }
    }

    bool TryFind(MergeItem item, out List<Dispatcher> sources)
    {
        sources = [];
        foreach (DispatcherId id in item.Sources)
        {
            if (pipeline.Set.Find(id) is not { IsMergeable: true } source) return false;
            sources.Add(source);
        }

        return LocalMerge.Fits(item.Span, sources);
    }
}
