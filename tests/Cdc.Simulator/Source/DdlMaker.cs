using System.Collections.Immutable;
using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>Makes DDL of every influence, and carries it out on the model's schema history.</summary>
sealed class DdlMaker(ModelSource source, Rng rng, WorkloadOptions options, Constraints constraints)
{
    long _nextTable = 1000;

    /// <summary>A DDL at this position; null: the one that came up has nothing to work on.</summary>
    public BlockStep? Make(CommitTs at)
    {
        List<TableHistory> live = [.. source.Tables.Values.Where(static t => t.Dropped is null)];
        if (options.UnsplitShare > 0 && rng.Chance(options.UnsplitShare) && ForbidSplit(at, live) is { } made)
            return made;
        return rng.Below(options.HasConstraints ? 18 : 15) switch
        {
            0 or 1 => CreateTable(at),
            2 when live.Count > 2 => DropTable(at, rng.Pick(live)),
            3 or 4 when live.Count > 0 => Truncate(at, Some(live, 3)),
            5 when live.Count > 1 => ChangeType(at, Some(live, 3)),
            6 when live.Count > 0 => ChangeSchema(at, rng.Pick(live)),
            7 => AlterSchema(at, rng.Pick(live.Count > 0 ? live : [.. source.Tables.Values]).Schema),
            8 when live.Count > 4 && rng.Chance(0.5) => DropSchema(at, rng.Pick(live).Schema),
            9 => Unclassified(at),
            10 or 11 when live.Count > 0 => CreatePartition(at, rng.Pick(live)),
            12 when live.Count > 0 && rng.Chance(0.4) => RenameSchema(at, rng.Pick(live).Schema),
            15 or 16 when live.Count > 0 => AddUnique(at, rng.Pick(live)),
            17 when live.Count > 1 => AddForeignKey(at, rng.Pick(live), rng.Pick(live)),
            _ => live.Count > 0 ? Alter(at, rng.Pick(live)) : null,
        };
    }

    BlockStep CreateTable(CommitTs at)
    {
        TableHistory table = Added(at, $"s{rng.Below(options.Schemas)}");
        return Step(at, new(Trigger(), null, [Of(table)], [], []), "create", created: [table]);
    }

    /// <summary>Makes a table, and stops another one for it.</summary>
    BlockStep CreatePartition(CommitTs at, TableHistory parent)
    {
        TableHistory table = Added(at, parent.Schema);
        return Step(at, new(WithTrigger(parent), null, [Of(table)], [], []), "create partition", created: [table]);
    }

    BlockStep RenameSchema(CommitTs at, string from)
    {
        string to = $"s{rng.Below(options.Schemas)}";
        if (from == to) return AlterSchema(at, from);
        var moved = ImmutableArray.CreateBuilder<MovedTable>();
        foreach (TableHistory table in source.Tables.Values)
        {
            if (table.Dropped is not null || table.Schema != from) continue;
            table.MoveTo(at, to);
            moved.Add(new(table.Table, from, to));
        }

        var influence = new Influence.Database(from);
        return Step(at, new(influence, null, [], moved.ToImmutable(), []), "rename schema");
    }

    BlockStep DropTable(CommitTs at, TableHistory table)
    {
        table.Dropped = at;
        Influence influence = WithTrigger(table);
        return Step(at, new(influence, Only(table), [], [], []), "drop", dropped: [table]);
    }

    BlockStep Truncate(CommitTs at, List<TableHistory> tables)
    {
        // What refers to a table that is emptied is emptied with it.
        for (int i = 0; i < tables.Count; i++)
            tables.AddRange(constraints.Referring(tables[i]).Where(t => !tables.Contains(t)).ToArray());
        foreach (TableHistory table in tables) table.Truncate(at);
        return Step(at, BlockPayload.Of(Blocked([.. tables])), "truncate", truncated: tables);
    }

    BlockStep Alter(CommitTs at, TableHistory table)
    {
        table.Reshape(at);
        return Step(at, BlockPayload.Of(Blocked(table)), "alter", reshaped: [table]);
    }

    /// <summary>A second unique column: from here on the table may not be split.</summary>
    BlockStep AddUnique(CommitTs at, TableHistory table)
    {
        if (!table.HasKey || table.UniqueFrom is not null) return Alter(at, table);
        table.AddUnique(at);
        return Step(at, new(WithTrigger(table), null, [], [], [table.Table]), "add unique", unique: [table]);
    }

    BlockStep AddForeignKey(CommitTs at, TableHistory child, TableHistory parent)
    {
        ForeignKey key = new(child.Table, parent.Table);
        if (!child.HasKey || !parent.HasKey || !constraints.TryAdd(key)) return Alter(at, child);
        var influence = new Influence.Normal([child.Table, parent.Table, TableId.Trigger]);
        BlockStep step = Step(at, BlockPayload.Of(influence), "add foreign key");
        child.AddDdl(step.Event);
        return step with { Ddl = step.Ddl with { ForeignKey = key } };
    }

    BlockStep ChangeType(CommitTs at, List<TableHistory> tables)
    {
        foreach (TableHistory table in tables) table.Reshape(at);
        return Step(at, BlockPayload.Of(Blocked([.. tables])), "alter type", reshaped: tables);
    }

    BlockStep ChangeSchema(CommitTs at, TableHistory table)
    {
        string from = table.Schema;
        string to = $"s{rng.Below(options.Schemas)}";
        if (from == to) return Alter(at, table);
        table.MoveTo(at, to);
        return Step(at, new(WithTrigger(table), null, [], [new(table.Table, from, to)], []), "set schema");
    }

    /// <summary>Changes the key, or the replica identity, of some tables: from then on they may not be in several
    /// spans. Null: there is no such table that may be.</summary>
    BlockStep? ForbidSplit(CommitTs at, List<TableHistory> live)
    {
        live.RemoveAll(static t => !t.IsSplittable);
        if (live.Count == 0) return null;
        List<TableHistory> tables = Some(live, 2);
        foreach (TableHistory table in tables)
        {
            table.ForbidSplit(at);
            table.Reshape(at);
        }

        Influence.Normal stopped = new([.. tables.Select(static t => t.Table), TableId.Trigger]);
        return Step(at, new(stopped, null, [], [], Ids(tables)), "alter key", reshaped: tables);
    }

    BlockStep AlterSchema(CommitTs at, string schema) =>
        Step(at, BlockPayload.Of(new Influence.Database(schema)), "alter schema");

    BlockStep DropSchema(CommitTs at, string schema)
    {
        List<TableHistory> dropped = [.. source.Tables.Values.Where(t => t.Dropped is null && t.Schema == schema)];
        foreach (TableHistory table in dropped) table.Dropped = at;
        var influence = new Influence.Database(schema);
        return Step(at, new(influence, influence, [], [], []), "drop schema", dropped: dropped);
    }

    BlockStep Unclassified(CommitTs at) => Step(at, BlockPayload.Of(new Influence.All()), "unclassified");

    TableHistory Added(CommitTs at, string schema)
    {
        TableHistory table = Workload.MakeTable(new(_nextTable++), schema, at, rng, options);
        source.AddTable(table);
        return table;
    }

    List<TableHistory> Some(List<TableHistory> live, int most)
    {
        var some = new List<TableHistory>();
        for (int i = rng.Between(1, Math.Min(most, live.Count)); i > 0; i--)
        {
            TableHistory table = rng.Pick(live);
            if (!some.Contains(table)) some.Add(table);
        }

        return some;
    }

    static AddedTable Of(TableHistory table) => new(table.Table, table.Schema, table.IsSplittable);

    static Influence.Normal Only(TableHistory table) => new([table.Table]);

    static Influence.Normal Trigger() => new([TableId.Trigger]);

    static Influence.Normal WithTrigger(TableHistory table) => new([table.Table, TableId.Trigger]);

    Influence.Normal Blocked(params ReadOnlySpan<TableHistory> tables)
    {
        var ids = ImmutableArray.CreateBuilder<TableId>();
        foreach (TableHistory table in tables) ids.Add(table.Table);
        if (options.TriggerInEveryDdl || tables.Length > 1) ids.Add(TableId.Trigger);
        return new(ids.ToImmutable());
    }

    static BlockStep Step(
        CommitTs at, BlockPayload payload, string text,
        IReadOnlyList<TableHistory>? created = null, IReadOnlyList<TableHistory>? dropped = null,
        IReadOnlyList<TableHistory>? reshaped = null, IReadOnlyList<TableHistory>? truncated = null,
        IReadOnlyList<TableHistory>? unique = null)
    {
        var id = new BlockEventId(at, false);
        var ddl = new Ddl(text, Ids(created), Ids(dropped), Ids(reshaped), Ids(truncated)) { Unique = Ids(unique) };
        foreach (IReadOnlyList<TableHistory>? tables in (IReadOnlyList<TableHistory>?[])
            [created, dropped, reshaped, truncated, unique])
        {
            foreach (TableHistory table in tables ?? []) table.AddDdl(id);
        }

        return new(id, payload, ddl);
    }

    static ImmutableArray<TableId> Ids(IReadOnlyList<TableHistory>? tables) =>
        tables is null ? [] : [.. tables.Select(static t => t.Table)];
}
