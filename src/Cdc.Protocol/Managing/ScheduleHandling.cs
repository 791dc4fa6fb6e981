using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Managing;

/// <summary>Makes and removes dispatchers as the maintainer says.</summary>
sealed class ScheduleHandling(ModePipeline pipeline)
{
    public ScheduleJournal Journal { get; } = new();

    /// <summary>The epoch that is obeyed: what an earlier one wanted made waits until it is forgotten.</summary>
    public Epoch Current { get; set; }

    public void Handle(Epoch epoch, ScheduleItem item, Effects effects)
    {
        if (item.Id.IsTrigger && item.Id != DispatcherId.TriggerOf(pipeline.Mode)) return;
        if (item.Action == ScheduleAction.Remove) Remove(new(epoch, item), effects);
        else Create(new(epoch, item), effects);
    }

    /// <summary>A dispatcher is gone: what waited for its place may be made. That is of its table.</summary>
    public void OnGone(Dispatcher gone, Effects effects)
    {
        Journal.RemoveFinished(gone.Id);
        foreach (JournalEntry entry in Journal.CreatesOf(gone.Span.Table))
        {
            if (entry.Epoch == Current) TryMake(entry, effects);
        }
    }

    void Create(JournalEntry entry, Effects effects)
    {
        ScheduleItem item = entry.Item;
        Dispatcher? known = pipeline.Set.Find(item.Id);
        if (known is not null && known.Owner >= item.Owner)
        {
            if (known.Owner == item.Owner && !item.Copies) known.StartCopied(effects);
            known.Restate();
            pipeline.Settle(known, effects);
            return;
        }

        if (pipeline.Ended(item.Id) is { } ended && ended.Owner >= item.Owner)
        {
            pipeline.Restate(item.Id, item.Owner);
            return;
        }

        if (known is not null)
        {
            // Never replaced in place: the earlier incarnation ends first.
            Journal.AddCreate(entry);
            Stop(known, effects);
            return;
        }

        Journal.AddCreate(entry);
        TryMake(Journal.Create(item.Id)!, effects);
    }

    void TryMake(JournalEntry entry, Effects effects)
    {
        if (pipeline.Set.Find(entry.Item.Id) is not null || pipeline.Set.IsOverlapped(entry.Item.Span)) return;
        Journal.ForgetCreate(entry.Item.Id, entry.Item.Owner);
        Dispatcher made = pipeline.Add(entry.Item, ComponentState.Initializing);
        made.Claim(effects);
        pipeline.Settle(made, effects);
    }

    void Remove(JournalEntry entry, Effects effects)
    {
        ScheduleItem item = entry.Item;
        Journal.ForgetCreate(item.Id, item.Owner);
        if (pipeline.Set.Find(item.Id) is not { } known || known.Owner > item.Owner)
        {
            pipeline.EndedAs(item.Id, item.Owner);
            pipeline.Restate(item.Id, item.Owner);
            return;
        }

        Journal.AddRemove(entry);
        pipeline.EndedAs(item.Id, item.Owner);
        Stop(known, effects);
    }

    void Stop(Dispatcher dispatcher, Effects effects)
    {
        pipeline.Stop(dispatcher, effects);
        dispatcher.Restate();
    }
}
