using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Maintenance;

/// <summary>Finds parked tables that are dropped for good, so that the changefeed need not keep them.</summary>
/// <remarks>Its persisted checkpoint has to be at the drop or beyond: then no list that a later maintainer loads has
/// the table. The schema history is asked, since that the schedule does not know a parked table does not say that it
/// is dropped: behind a takeover its making may lie ahead still.</remarks>
internal sealed class DroppedTables(Parking parking, CommitTs persisted)
{
    CommitTs _persisted = persisted;
    FindDropped? _asked;
    TimeSpan? _lookedAt;

    public void Persisted(CommitTs checkpoint) => _persisted = CommitTs.Max(_persisted, checkpoint);

    public void Tick(ParkedTables parked, TimeSpan now, Effects effects)
    {
        if (_lookedAt is { } last && now - last < MaintainerTimes.LookForDropped) return;
        _lookedAt = now;
        ImmutableArray<TableId> tables = [.. parked.Unknown.Except(parking.Asked)];
        if (tables.IsEmpty) return;
        if (_asked is { } asked && asked.At == _persisted && asked.Tables.SequenceEqual(tables)) return;
        effects.Add(_asked = new(_persisted, tables));
    }

    /// <summary>Of a dropped table there is nothing to copy: it is back as it is, which is not there.</summary>
    public void Take(DroppedFound found, ParkedTables parked)
    {
        foreach (TableId table in found.Tables)
            if (parked.Contains(table) && parked.Find(table) is null) parking.Want(table, found.At);
    }
}
