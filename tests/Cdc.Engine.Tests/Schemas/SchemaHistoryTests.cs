using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Schemas;

public sealed class SchemaHistoryTests
{
    const uint Oid = 16384;

    [Fact]
    public void A_dropped_version_ends_its_table()
    {
        SchemaHistory history = new([]);
        TableSchema table = Table(history.NextId(), 10);
        history.Add(table);
        history.Add(table with { Since = new(20, 1), IsDropped = true });
        Assert.Equal(table, history.Find(Oid, new(20, 0)));
        Assert.Equal(table, history.Find(table.Id, new(20, 0)));
        Assert.Null(history.Find(Oid, new(20, 1)));
        Assert.Null(history.Find(table.Id, CommitTs.End(30)));
        Assert.Empty(history.Latest());
        Assert.Equal([table], history.At(new(15, 0)));
    }

    [Fact]
    public void A_number_that_the_server_gives_again_names_another_table()
    {
        SchemaHistory history = new([]);
        TableSchema first = Table(history.NextId(), 10);
        TableSchema second = Table(history.NextId(), 30);
        history.Add(first);
        history.Add(first with { Since = new(20, 1), IsDropped = true });
        history.Add(second);
        Check(history);
        Check(new(history.Pending().Reverse()));

        void Check(SchemaHistory history)
        {
            Assert.Equal(first.Id, history.Find(Oid, new(19, 0))?.Id);
            Assert.Null(history.Find(Oid, new(29, 0)));
            Assert.Equal(second.Id, history.Find(Oid, new(30, 0))?.Id);
            Assert.Equal([second], history.Latest());
            Assert.Equal(new(3), history.NextId());
        }
    }

    [Fact]
    public void A_version_is_found_by_exactly_where_it_begins()
    {
        SchemaHistory history = new([]);
        TableSchema table = Table(history.NextId(), 10);
        history.Add(table);
        Assert.Equal(table, history.FindExact(Oid, new(10, 0)));
        Assert.Null(history.FindExact(Oid, new(11, 0)));
        Assert.Null(history.FindExact(Oid + 1, new(10, 0)));
    }

    [Fact]
    public void A_type_is_known_from_the_newest_table_that_uses_it()
    {
        SchemaHistory history = new([]);
        TypeDefinition mood = new(new("shop", "mood"), 500, TypeForm.Enum) { Labels = ["ok"] };
        TypeDefinition later = mood with { Labels = ["ok", "bad"] };
        history.Add(Table(history.NextId(), 10) with { Definition = Using(mood) });
        history.Add(Table(history.NextId(), 20, Oid + 1) with { Definition = Using(later) });
        Assert.Equal(mood, history.FindType(500, new(15, 0)));
        Assert.Equal(later, history.FindType(500, new(20, 0)));
        Assert.Null(history.FindType(500, new(9, 0)));
        Assert.Null(history.FindType(501, new(20, 0)));
    }

    static TableDefinition Using(TypeDefinition type) => new() { Columns = [new(1, "m", "shop.mood")], Types = [type] };

    static TableSchema Table(TableId id, ulong commit, uint oid = Oid) => new()
    {
        Id = id, Since = new(commit, 0), Name = new("shop", $"t{id}"), SourceId = oid,
        Columns = [new("id", new(TypeKind.Int32, "int4", 23))],
    };
}
