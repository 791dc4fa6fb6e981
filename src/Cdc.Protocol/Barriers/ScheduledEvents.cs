using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Barriers;

/// <summary>The events that were reported as executed and are in the schedule, while their reporters may still repeat
/// them: a repeat that comes late must not bring back what a later event has dropped.</summary>
internal sealed class ScheduledEvents(IBarrierSchedule schedule)
{
    readonly List<(BlockEventId Id, DispatcherId Reporter)> _events = [];

    public bool Contains(BlockEventId id)
    {
        foreach ((BlockEventId known, _) in _events)
            if (known == id) return true;
        return false;
    }

    public void Add(BlockEventId id, DispatcherId reporter) => _events.Add((id, reporter));

    /// <summary>A reporter's checkpoint stays below them until it has been told; once it is beyond, that says the
    /// same.</summary>
    public void Forget()
    {
        for (int i = _events.Count - 1; i >= 0; i--)
            if (schedule.Find(_events[i].Reporter) is not { } task || task.IsBeyond(_events[i].Id.At))
                _events.RemoveAt(i);
    }
}
