using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Maintenance;

/// <summary>Asks the changefeed to put tables away, and to take them back, until it has.</summary>
/// <remarks><code>
/// in the schedule --wanted--> asked --persisted--> parked, out of the schedule
/// parked --copied, in the schedule--> asked --persisted--> it runs
/// </code>
/// What is wanted last of a table takes the place of what was wanted before.</remarks>
internal sealed class Parking(Epoch epoch)
{
    readonly SortedDictionary<TableId, Wish> _wishes = [];

    /// <summary>The tables that something is asked about.</summary>
    public IReadOnlyCollection<TableId> Asked => _wishes.Keys;

    /// <param name="table">Which.</param>
    /// <param name="copiedAt">Null to put it away; else where its copy stands.</param>
    public void Want(TableId table, CommitTs? copiedAt)
    {
        bool isKnown = _wishes.TryGetValue(table, out Wish? known);
        if (isKnown && (known!.CopiedAt is null || known.CopiedAt == copiedAt)) return;
        _wishes[table] = new(copiedAt);
    }

    /// <summary>That is persisted.</summary>
    /// <returns>False: it is not what is wanted, so it is late.</returns>
    public bool Done(TableId table, CommitTs? copiedAt) =>
        _wishes.TryGetValue(table, out Wish? wish) && wish.CopiedAt == copiedAt && _wishes.Remove(table);

    public void Tick(TimeSpan now, Effects effects)
    {
        foreach ((TableId table, Wish wish) in _wishes)
        {
            if (wish.SaidAt is { } said && now - said < MaintainerTimes.Repeat) continue;
            wish.SaidAt = now;
            effects.Send(Party.Changefeed, new ParkRequest(epoch, table, wish.CopiedAt));
        }
    }

    sealed class Wish(CommitTs? copiedAt)
    {
        public CommitTs? CopiedAt { get; } = copiedAt;
        public TimeSpan? SaidAt { get; set; }
    }
}
