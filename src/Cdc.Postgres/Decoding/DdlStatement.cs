using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Postgres.Decoding;

/// <summary>A statement of the open transaction, at its step: what a <see cref="DdlEvent"/> will say when the commit is
/// known.</summary>
/// <remarks>The step may be taken before the statement is known: rows of a CREATE TABLE AS come before the message that
/// tells of it.</remarks>
internal sealed class DdlStatement(uint step)
{
    public uint Step => step;

    /// <summary>The table whose rows came first, if the step was taken for it.</summary>
    public TableName? WaitsFor { get; init; }

    public DdlEffect? Effect { get; set; }

    /// <summary>The event, of what was not handed on before; null if nothing is left.</summary>
    /// <param name="finals">Which version each provisional one became.</param>
    public DdlEvent? ToEvent(
        in CommitStamp stamp, IReadOnlyDictionary<TableSchema, TableSchema>? finals, AlreadySeen filter)
    {
        CommitTs at = new(stamp.Ts.Commit, step);
        DdlEffect effect = Effect ?? throw DdlFailures.Untold(WaitsFor ?? default);
        ImmutableArray<SchemaChange> left = [.. effect.Changes.Where(change => IsNew(change, at))
            .Select(change => Final(change, finals))];
        if (left.IsEmpty) return null;
        Influence influence = effect.Reach.ToInfluence(table => Final(table, finals).Id);
        return new(new(new(at, false), influence), stamp with { Ts = at }, effect.Tag, left)
        {
            Sql = effect.Sql,
            SearchPath = effect.SearchPath,
        };

        // Ids of tables that this transaction made are final only now; nobody has a copy of such a table.
        bool IsNew(SchemaChange change, CommitTs at) => TableOf(change) is { } table
            ? !filter.Includes(Final(table, finals).Id, at)
            : !filter.IncludesAll(at);
    }

    static TableSchema? TableOf(SchemaChange change) => change switch
    {
        SchemaChange.TableDropped dropped => dropped.Before,
        SchemaChange.TableLeft left => left.Before,
        _ => change.Table,
    };

    static SchemaChange Final(SchemaChange change, IReadOnlyDictionary<TableSchema, TableSchema>? finals) =>
        change switch
        {
            SchemaChange.TableCreated created => new SchemaChange.TableCreated(Final(created.After, finals)),
            SchemaChange.TableAltered altered => altered with
            {
                Before = Final(altered.Before, finals), After = Final(altered.After, finals),
            },
            SchemaChange.TableDropped dropped => new SchemaChange.TableDropped(Final(dropped.Before, finals)),
            SchemaChange.TableLeft left => left with { Before = Final(left.Before, finals) },
            _ => change,
        };

    static TableSchema Final(TableSchema table, IReadOnlyDictionary<TableSchema, TableSchema>? finals) =>
        finals?.GetValueOrDefault(table) ?? table;
}

/// <summary>What a statement did to what is captured, and whom that concerns.</summary>
internal sealed record DdlEffect(string Tag, string? Sql, string SearchPath)
{
    public required ImmutableArray<SchemaChange> Changes { get; init; }
    public required DdlReach Reach { get; init; }
}

/// <summary>What must stand still for a statement.</summary>
/// <param name="IsAll">Everything: the statement is of no kind that is known to concern less.</param>
/// <param name="Schema">All tables of one schema.</param>
/// <param name="Tables">Just these, if neither is said.</param>
internal sealed record DdlReach(bool IsAll, string? Schema, ImmutableArray<TableSchema> Tables)
{
    // Every DDL concerns the trigger, which keeps them in the source's order.
    public Influence ToInfluence(Func<TableSchema, TableId> id) => this switch
    {
        { IsAll: true } => new Influence.All(),
        { Schema: { } schema } => new Influence.Database(schema),
        _ => new Influence.Normal([TableId.Trigger, .. Tables.Select(id).Distinct().Order()]),
    };
}
