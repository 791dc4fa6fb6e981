using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Maintenance;

/// <summary>Asks the changefeed to put tables away, and to take them back, until it has.</summary>
/// <remarks><code>
/// in the schedule --wanted--> asked --persisted--> parked, out of the schedule
/// parked --copied, in the schedule--> asked --persisted--> it runs
/// </code>
/// What is wanted last of a table takes the place of what was wanted before, and has a larger number.</remarks>
internal sealed class Parking(Epoch epoch)
{
    readonly SortedDictionary<TableId, Wish> _wishes = [];
    readonly Dictionary<TableId, ulong> _numbers = [];

    /// <summary>The tables that something is asked about.</summary>
    public IReadOnlyCollection<TableId> Asked => _wishes.Keys;

    /// <param name="table">Which.</param>
    /// <param name="copiedAt">Null to put it away; else where its copy stands.</param>
    public void Want(TableId table, CommitTs? copiedAt)
    {
        bool isKnown = _wishes.TryGetValue(table, out Wish? known);
        if (isKnown && (known!.CopiedAt is null || known.CopiedAt == copiedAt)) return;
        ulong number = _numbers.GetValueOrDefault(table) + 1;
        _numbers[table] = number;
        _wishes[table] = new(number, copiedAt);
    }

    /// <summary>Whether nothing has been asked about the table behind this number.</summary>
    public bool IsLast(TableId table, ulong number) => _numbers.GetValueOrDefault(table) == number;

    /// <summary>That is persisted.</summary>
    /// <returns>False: it is not what is wanted, so it is late.</returns>
    public bool Done(TableId table, ulong number) =>
        _wishes.TryGetValue(table, out Wish? wish) && wish.Number == number && _wishes.Remove(table);

    public void Tick(TimeSpan now, Effects effects)
    {
        foreach ((TableId table, Wish wish) in _wishes)
        {
            if (wish.SaidAt is { } said && now - said < MaintainerTimes.Repeat) continue;
            wish.SaidAt = now;
            effects.Send(Party.Changefeed, new ParkRequest(epoch, table, wish.Number, wish.CopiedAt));
        }
    }

    sealed class Wish(ulong number, CommitTs? copiedAt)
    {
        public ulong Number { get; } = number;
        public CommitTs? CopiedAt { get; } = copiedAt;
        public TimeSpan? SaidAt { get; set; }
    }
}
