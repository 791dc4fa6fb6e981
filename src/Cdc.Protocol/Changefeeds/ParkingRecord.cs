using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Changefeeds;

/// <summary>Tables that are out of the schedule.</summary>
/// <param name="Tables">In the order of their ids.</param>
/// <param name="Epoch">Whose requests <paramref name="Heard"/> counts.</param>
/// <param name="Heard">The last request for each table that had one in the epoch.</param>
/// <param name="Wanted">Those of <paramref name="Tables"/> that an operator wants copied and back.</param>
public sealed record ParkingRecord(
    ImmutableArray<ParkedTable> Tables,
    Epoch Epoch,
    ImmutableArray<ParkingHeard> Heard,
    ImmutableArray<TableId> Wanted)
{
    internal static readonly ParkingRecord None = new([], Epoch.None, [], []);

    internal bool IsParked(TableId table) => Tables.Contains(new ParkedTable(table));

    internal ParkingRecord Want(TableId table) => this with { Wanted = Wanted.Add(table) };

    /// <summary>The last number heard of a table in an epoch; 0: none.</summary>
    internal ulong LastOf(TableId table, Epoch epoch)
    {
        if (epoch != Epoch) return 0;
        foreach (ParkingHeard heard in Heard)
        {
            if (heard.Table == table) return heard.Number;
        }
        return 0;
    }

    internal ParkingRecord With(ParkRequest request)
    {
        List<ParkedTable> tables = [.. Tables];
        tables.RemoveAll(parked => parked.Table == request.Table);
        if (request.CopiedAt is null) tables.Add(new(request.Table));
        tables.Sort(static (left, right) => left.Table.CompareTo(right.Table));
        List<ParkingHeard> heard = request.Epoch == Epoch ? [.. Heard] : [];
        heard.RemoveAll(one => one.Table == request.Table);
        heard.Add(new(request.Table, request.Number));
        // Back, it is not wanted any more; and one that is parked again would only fail again.
        return new([.. tables], request.Epoch, [.. heard], Wanted.Remove(request.Table));
    }
}

/// <param name="Number">As in <see cref="ParkRequest"/>.</param>
public readonly record struct ParkingHeard(TableId Table, ulong Number);
