namespace Cdc.Simulator;

/// <summary>What happens when, in virtual time: nothing runs but what is on it, one at a time, in a fixed order.</summary>
public sealed class Agenda
{
    readonly PriorityQueue<Action, (long Ticks, long Number)> _queue = new();
    long _number;

    public TimeSpan Now { get; private set; }

    /// <summary>How many things have happened.</summary>
    public long Steps { get; private set; }

    public void At(TimeSpan time, Action action)
    {
        TimeSpan when = time < Now ? Now : time;
        _queue.Enqueue(action, (when.Ticks, _number++));
    }

    public void In(TimeSpan delay, Action action) => At(Now + delay, action);

    /// <summary>Does the next thing, unless it lies behind <paramref name="limit"/>.</summary>
    public bool Step(TimeSpan limit)
    {
        if (!_queue.TryPeek(out Action? action, out (long Ticks, long Number) when) || when.Ticks > limit.Ticks)
        {
            Now = limit;
            return false;
        }

        _queue.Dequeue();
        Now = new TimeSpan(when.Ticks);
        Steps++;
        action();
        return true;
    }
}
