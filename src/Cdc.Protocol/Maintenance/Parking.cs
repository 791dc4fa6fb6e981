using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Maintenance;

/// <summary>Asks the changefeed to put tables away, until it has.</summary>
/// <remarks><code>
/// in the schedule --wanted--> asked --persisted--> parked, out of the schedule
/// </code></remarks>
internal sealed class Parking(Epoch epoch)
{
    readonly SortedDictionary<TableId, TimeSpan?> _asked = [];

    public IReadOnlyCollection<TableId> Asked => _asked.Keys;

    public void Want(TableId table) => _asked.TryAdd(table, null);

    /// <summary>It is out, or gone.</summary>
    public void Done(TableId table) => _asked.Remove(table);

    public void Tick(TimeSpan now, Effects effects)
    {
        if (_asked.Count == 0) return;
        foreach (TableId table in _asked.Keys.ToArray())
        {
            if (_asked[table] is { } said && now - said < MaintainerTimes.Repeat) continue;
            _asked[table] = now;
            effects.Send(Party.Changefeed, new ParkRequest(epoch, table, Number: 1, CopiedAt: null));
        }
    }
}
