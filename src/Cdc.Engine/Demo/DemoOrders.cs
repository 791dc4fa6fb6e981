using System.Buffers.Text;
using System.Collections.Immutable;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Demo;

/// <summary>Orders that come, go through their states, change their number at times, and are deleted. Their table gets
/// and loses columns.</summary>
sealed class DemoOrders
{
    const int OrdersMax = 5000;
    const int BaseColumns = 6;
    const int ExtraColumnsMax = 3;

    readonly List<Order> _orders = [];
    long _lastId;
    int _lastExtra;

    static ReadOnlySpan<byte> Status(int number) => number switch
    {
        0 => "new"u8,
        1 => "paid"u8,
        2 => "sent"u8,
        _ => "closed"u8,
    };

    public void Change(ref DemoRandom random, DemoTables tables, DemoOutput output)
    {
        int what = random.Next(20);
        int place = _orders.Count == 0 ? 0 : random.Next(_orders.Count);
        ulong seed = random.Next();
        if (_orders.Count == 0 || (what < 10 && _orders.Count < OrdersMax)) Insert(seed, tables, output);
        else if (what < 17) Update(place, tables, output);
        else if (what < 18) Renumber(place, tables, output);
        else Delete(place, tables, output);
    }

    /// <summary>Adds a column to the table, or drops one, at the output's step.</summary>
    public void Alter(ref DemoRandom random, DemoTables tables, DemoOutput output)
    {
        TableSchema before = tables.Orders;
        ImmutableArray<Column> columns = before.Columns;
        ImmutableArray<int> numbers = [.. before.Definition!.Columns.Select(static column => column.Number)];
        int extra = columns.Length - BaseColumns;
        bool drops = extra == ExtraColumnsMax || (extra > 0 && random.OneIn(2));
        int place = drops ? BaseColumns + random.Next(extra) : columns.Length;
        if (!drops) columns = columns.Add(new($"extra_{++_lastExtra}", new(TypeKind.Text, "text", 25)));
        string sql = $"alter table demo.orders {(drops ? "drop" : "add")} column {columns[place].Name}"
            + (drops ? "" : " text");
        tables.ChangeOrders(
            output.Now, drops ? columns.RemoveAt(place) : columns,
            drops ? numbers.RemoveAt(place) : numbers.Add(BaseColumns + _lastExtra));
        output.Alter(before, tables.Orders, sql);
    }

    void Insert(ulong seed, DemoTables tables, DemoOutput output)
    {
        Order order = new(++_lastId, seed, 0);
        _orders.Add(order);
        if (!output.StartRow(tables.Orders, Op.Insert)) return;
        Cells(order, tables, output);
        output.EndRow();
    }

    void Update(int place, DemoTables tables, DemoOutput output)
    {
        Order order = _orders[place] with { Version = _orders[place].Version + 1 };
        _orders[place] = order;
        if (!output.StartRow(tables.Orders, Op.Update)) return;
        Cells(order, tables, output);
        output.EndRow();
    }

    void Renumber(int place, DemoTables tables, DemoOutput output)
    {
        Order old = _orders[place];
        Order order = old with { Id = ++_lastId };
        _orders[place] = order;
        if (!output.StartRow(tables.Orders, Op.Update)) return;
        Key(old, tables, output);
        output.StartNewImage();
        Cells(order, tables, output);
        output.EndRow(OldImage.Key, RowFlags.KeyChanged);
    }

    void Delete(int place, DemoTables tables, DemoOutput output)
    {
        Order order = _orders[place];
        _orders[place] = _orders[^1];
        _orders.RemoveAt(_orders.Count - 1);
        if (!output.StartRow(tables.Orders, Op.Delete)) return;
        Key(order, tables, output);
        output.StartNewImage();
        output.EndRow(OldImage.Key, RowFlags.None);
    }

    static void Key(Order order, DemoTables tables, DemoOutput output)
    {
        output.Integer(order.Id);
        for (int i = 1; i < tables.Orders.Columns.Length; i++) output.Null();
    }

    static void Cells(Order order, DemoTables tables, DemoOutput output)
    {
        DemoRandom random = new(order.Seed);
        output.Integer(order.Id);
        Text(output, "customer "u8, random.Next(500), default);
        output.Value(Status(order.Version));
        output.Cents(random.Next(1_000_000));
        Text(output, "[{\"item\": "u8, random.Next(1000), ", \"count\": 1}]"u8);
        output.Moment(DemoLog.FirstTime + random.Next(1_000_000_000));
        for (int i = BaseColumns; i < tables.Orders.Columns.Length; i++)
        {
            if (order.Version == 0) output.Null();
            else Text(output, "extra "u8, order.Version, default);
        }
    }

    static void Text(DemoOutput output, ReadOnlySpan<byte> before, int number, ReadOnlySpan<byte> behind)
    {
        Span<byte> room = output.Room();
        before.CopyTo(room);
        Utf8Formatter.TryFormat(number, room[before.Length..], out int digits);
        behind.CopyTo(room[(before.Length + digits)..]);
        output.Used(before.Length + digits + behind.Length);
    }

    readonly record struct Order(long Id, ulong Seed, int Version);
}
