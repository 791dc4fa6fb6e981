using Cdc.Protocol.Dispatching;

namespace Cdc.Protocol.Managing;

/// <summary>Which dispatchers have to do something later. Those that wait for nothing are not in it.</summary>
sealed class TimerQueue
{
    readonly PriorityQueue<Dispatcher, (TimeSpan At, long Number)> _due = new();
    long _number;

    /// <summary>After it may have got something to do later, or sooner than before.</summary>
    public void Arm(Dispatcher dispatcher)
    {
        if (dispatcher.Due is not { } due || dispatcher.Places.TimerAt <= due) return;
        dispatcher.Places.TimerAt = due;
        _due.Enqueue(dispatcher, (due, ++_number));
    }

    /// <summary>Takes one whose time has come. It may have nothing to do any more.</summary>
    public bool TryTake(TimeSpan now, out Dispatcher dispatcher)
    {
        while (_due.TryPeek(out dispatcher!, out (TimeSpan At, long Number) key) && key.At <= now)
        {
            _due.Dequeue();
            if (dispatcher.Places.TimerAt != key.At) continue;
            dispatcher.Places.TimerAt = null;
            return true;
        }

        return false;
    }
}
