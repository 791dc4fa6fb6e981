using System.Collections.Immutable;
using static Cdc.Protocol.Tests.Barriers.BarrierRig;

namespace Cdc.Protocol.Tests.Barriers;

/// <summary>A source's DDL, made up at random, and which tables there are at each place of it.</summary>
internal sealed class RandomHistory
{
    readonly List<ImmutableSortedDictionary<long, string>> _before = [];
    ImmutableSortedDictionary<long, string> _tables = ImmutableSortedDictionary<long, string>.Empty;
    long _next = 1;

    public RandomHistory(Random random, int length)
    {
        for (int i = 0; i < 3; i++) _tables = _tables.Add(_next++, i < 2 ? "a" : "b");
        First = _tables;
        for (int i = 0; i < length; i++)
        {
            _before.Add(_tables);
            Events.Add((Id(i, random), Next(random)));
        }
    }

    public ImmutableSortedDictionary<long, string> First { get; }
    public List<(BlockEventId Id, BlockPayload Payload)> Events { get; } = [];
    public CommitTs End => At((ulong)((Events.Count + 1) * 10));

    /// <summary>Only the trigger gets it, and executes it alone.</summary>
    public static bool IsAlone(BlockPayload payload) =>
        payload.Influence is Influence.Normal { Tables: [{ Value: 0 }] };

    public ImmutableSortedDictionary<long, string> TablesAt(CommitTs at)
    {
        int index = Events.FindIndex(e => e.Id.At > at);
        return index < 0 ? _tables : _before[index];
    }

    public bool Stops(int index, long table)
    {
        Influence influence = Events[index].Payload.Influence;
        if (influence is Influence.Normal normal) return normal.Tables.Contains(new TableId(table));
        if (table == 0) return true;
        return _before[index].TryGetValue(table, out string? schema)
            && (influence is Influence.All || influence is Influence.Database database && database.Schema == schema);
    }

    public CommitTs MadeAt(long table) => First.ContainsKey(table)
        ? CommitTs.Zero
        : Events.Find(e => e.Payload.Added.Any(added => added.Table.Value == table)).Id.At;

    static BlockEventId Id(int index, Random random) =>
        new(At((ulong)((index + 1) * 10)), random.Next(8) == 0);

    BlockPayload Next(Random random)
    {
        long any = _tables.Count == 0 ? 0 : _tables.Keys.ElementAt(random.Next(_tables.Count));
        string schema = random.Next(2) == 0 ? "a" : "b";
        switch (random.Next(any == 0 ? 3 : 10))
        {
            case 0 or 1:
                _tables = _tables.Add(_next, schema);
                return Tables(0) with { Added = [NewTable(_next++, schema)] };
            case 2:
                return All;
            case 3:
                _tables = _tables.Remove(any);
                return Tables(0, any) with { Dropped = Those(any) };
            case 4:
                _tables = _tables.Add(_next, _tables[any]).Remove(any);
                return Tables(0, any) with { Dropped = Those(any), Added = [NewTable(_next++, _tables[_next - 1])] };
            case 5:
                return Tables([.. _tables.Keys.Take(3)]);
            case 6:
                return Schema(schema);
            case 7:
                string from = _tables[any], to = from == "a" ? "b" : "a";
                _tables = _tables.SetItem(any, to);
                return Tables(0, any) with { Moved = [new MovedTable(new TableId(any), from, to)] };
            case 8 when random.Next(2) == 0:
                _tables = _tables.RemoveRange(_tables.Where(table => table.Value == schema).Select(t => t.Key));
                return Schema(schema) with { Dropped = new Influence.Database(schema) };
            case 8:
                return Renamed(schema);
            default:
                return Tables(0, any) with { Unsplit = [new TableId(any)] };
        }
    }

    BlockPayload Renamed(string schema)
    {
        string to = schema == "a" ? "b" : "a";
        long[] moved = [.. _tables.Where(table => table.Value == schema).Select(static table => table.Key)];
        foreach (long table in moved) _tables = _tables.SetItem(table, to);
        return Schema(schema) with { Moved = [.. moved.Select(t => new MovedTable(new TableId(t), schema, to))] };
    }
}
