using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Scheduling;

/// <summary>Splits tables that are written much for a while, and merges those that are written little for a longer
/// one.</summary>
/// <remarks><code>
/// in one span --above the threshold, 3 windows in a row--------------> split, so that each part is below half of it
/// split -------below a quarter of the threshold, 10 windows in a row-> merged
/// </code>
/// What lies between the two changes nothing, and each window on the other side begins the count anew: so a table
/// does not go to and fro. Where the policy is on, it also merges what somebody else has split. What the managers
/// said before a takeover is not known behind it: the counts begin anew.</remarks>
/// <param name="schedule">Whose tables.</param>
/// <param name="options">From when on.</param>
/// <param name="mustStayWhole">Whether an open block event needs a table in one span.</param>
internal sealed class TrafficPolicy(Schedule schedule, TrafficOptions options, Func<TableId, bool> mustStayWhole)
{
    readonly Dictionary<DispatcherId, (Owner Owner, ulong Total)> _heard = [];
    readonly SortedDictionary<TableId, Load> _loads = [];
    TimeSpan? _since;

    /// <summary>A node says what one of its dispatchers has written since it was made.</summary>
    public void Take(NodeId from, in SpanTraffic traffic)
    {
        if (schedule.Find(traffic.Id) is not { } task || task.Id.IsTrigger) return;
        if (task.Node != from || task.Owner != traffic.Owner) return;
        bool isKnown = _heard.TryGetValue(traffic.Id, out (Owner Owner, ulong Total) before)
            && before.Owner == traffic.Owner;
        if (isKnown && traffic.Written <= before.Total) return;
        _heard[traffic.Id] = (traffic.Owner, traffic.Written);

        // One that another maintainer has made may have written that at any time.
        bool isOurs = traffic.Owner.Epoch == schedule.Epoch.Value;
        if (isKnown || isOurs) LoadOf(task.Span.Table).Bytes += traffic.Written - (isKnown ? before.Total : 0);
    }

    /// <param name="nodes">How many may have spans.</param>
    /// <param name="now">The time.</param>
    public void Tick(int nodes, TimeSpan now)
    {
        TimeSpan since = _since ??= now;
        if (now - since < options.Window) return;
        double seconds = (now - since).TotalSeconds;
        _since = now;
        foreach (TableTasks table in schedule.Spans.Tables.Values)
        {
            // Nobody speaks of one that is idle.
            if (table.Spans.Count > 1) LoadOf(table.Table);
        }

        foreach ((TableId id, Load load) in _loads.ToArray())
        {
            if (schedule.Spans.Table(id) is not { } table)
            {
                _loads.Remove(id);
                continue;
            }

            double rate = load.Bytes / seconds;
            load.Bytes = 0;
            if (table.Spans.Count == 1) Whole(table, load, rate, nodes, now);
            else Split(table, load, rate);
        }

        foreach (DispatcherId gone in _heard.Keys.Where(id => schedule.Find(id) is null).ToArray()) _heard.Remove(gone);
    }

    void Whole(TableTasks table, Load load, double rate, int nodes, TimeSpan now)
    {
        load.Quiet = 0;
        load.Busy = rate >= options.SplitAbove ? load.Busy + 1 : 0;
        if (load.Busy == 0) _loads.Remove(table.Table);
        if (load.Busy < options.WindowsToSplit || nodes < 2 || mustStayWhole(table.Table)) return;
        load.Busy = 0;
        int wanted = (int)Math.Min(2 * rate / options.SplitAbove, nodes);
        schedule.Reshaping.Split(table.Table, Math.Max(wanted, 2), now);
    }

    void Split(TableTasks table, Load load, double rate)
    {
        load.Busy = 0;
        load.Quiet = rate * TrafficOptions.MergeBelow < options.SplitAbove ? load.Quiet + 1 : 0;
        if (load.Quiet < options.WindowsToMerge) return;
        load.Quiet = 0;
        schedule.Reshaping.Merge(table.Table);
    }

    Load LoadOf(TableId table)
    {
        if (!_loads.TryGetValue(table, out Load? load)) _loads.Add(table, load = new());
        return load;
    }

    sealed class Load
    {
        public ulong Bytes;
        public int Busy;
        public int Quiet;
    }
}
