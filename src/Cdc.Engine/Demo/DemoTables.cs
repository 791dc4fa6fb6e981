using System.Collections.Immutable;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Demo;

/// <summary>The tables of the demo, as they are now: one of them changes its shape while the log goes on.</summary>
sealed class DemoTables
{
    const uint FirstSourceId = 16384;

    static readonly ColumnType Int8 = new(TypeKind.Int64, "int8", 20);
    static readonly ColumnType Text = new(TypeKind.Text, "text", 25);
    static readonly ColumnType Moment = new(TypeKind.TimestampTz, "timestamptz", 1184);
    static readonly ColumnType Money = new(TypeKind.Numeric, "numeric", 1700, (12 << 16) + 2 + 4);

    readonly SchemaHistory _history;

    public DemoTables(SchemaHistory history)
    {
        _history = history;
        Accounts = Define(0, "accounts", [new("id", Int8, true), new("owner", Text), new("balance", Int8)]);
        Ledger = Define(1, "ledger",
        [
            new("id", Int8, true), new("from_account", Int8), new("to_account", Int8), new("amount", Int8),
            new("at", Moment),
        ]);
        Orders = Define(2, "orders",
        [
            new("id", Int8, true), new("customer", Text), new("status", new(TypeKind.Enum, "demo.status", 16500)),
            new("total", Money), new("lines", new(TypeKind.Json, "jsonb", 3802)), new("placed", Moment),
        ]);
        Wide = Define(3, "wide", DemoWide.Columns);
        Scratch = Define(4, "scratch", [new("id", Int8, true), new("payload", new(TypeKind.Binary, "bytea", 17))]);
    }

    public TableSchema Accounts { get; }
    public TableSchema Ledger { get; }
    public TableSchema Orders { get; private set; }
    public TableSchema Wide { get; }
    public TableSchema Scratch { get; }

    public ImmutableArray<TableSchema> All => [Accounts, Ledger, Orders, Wide, Scratch];

    /// <summary>The orders have other columns from <paramref name="since"/> on.</summary>
    /// <param name="numbers">The columns' numbers.</param>
    public void ChangeOrders(CommitTs since, ImmutableArray<Column> columns, ImmutableArray<int> numbers)
    {
        Orders = Orders with
        {
            Since = since, Columns = columns, Definition = DemoDefinitions.Of(Orders.Name.Name, columns, numbers),
        };
        _history.Add(Orders);
    }

    // A restart finds the ids that the first start gave.
    TableSchema Define(uint number, string name, ImmutableArray<Column> columns)
    {
        TableId? known = _history.Find(FirstSourceId + number, CommitTs.End(ulong.MaxValue))?.Id;
        TableSchema schema = new()
        {
            Id = known ?? _history.NextId(),
            Name = new("demo", name),
            SourceId = FirstSourceId + number,
            Columns = columns,
            Key = [0],
            Definition = DemoDefinitions.Of(name, columns, [.. Enumerable.Range(1, columns.Length)]),
        };
        _history.Add(schema);
        return schema;
    }
}
