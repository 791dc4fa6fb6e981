using System.Text;
using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Capture;
using Cdc.Postgres.Catalog;
using Cdc.Protocol;

namespace Cdc.Postgres.Tests.Capture;

/// <summary>The message of the event triggers is read whole, and no bytes crash the reader.</summary>
public sealed class DdlMessageTests
{
    public const string Sample = """
        {"v":1,"tag":"ALTER TABLE","sql":"alter table shop.orders add m shop.mood[] default '{glad}'","path":"shop, public",
         "tables":[{"oid":16400,"schema":"shop","name":"orders","kind":"r","persistence":"p","identity":"d",
           "columns":[
             {"number":1,"name":"id","typeOid":23,"modifier":-1,"type":"integer","notNull":true,"identityKind":"ALWAYS"},
             {"number":3,"name":"price","typeOid":1700,"modifier":655366,"type":"numeric(10,2)"},
             {"number":4,"name":"twice","typeOid":1700,"modifier":-1,"type":"numeric","default":"(price * 2)","generated":true},
             {"number":5,"name":"m","typeOid":16389,"modifier":-1,"type":"shop.mood[]","default":"'{glad}'::shop.mood[]","missing":"{glad}"}],
           "primaryKey":{"immediate":true,"columns":["id"]},
           "constraints":[{"name":"orders_pkey","kind":"p","text":"PRIMARY KEY (id)"},
             {"name":"orders_who_fkey","kind":"f","text":"FOREIGN KEY (id) REFERENCES shop.who(id)","references":{"schema":"shop","name":"who"}}],
           "indexes":[{"name":"orders_price","text":"CREATE INDEX orders_price ON shop.orders USING btree (price)"}],
           "sequences":[{"schema":"shop","name":"orders_id_seq","column":"id","identity":true,"type":"integer","start":"1","increment":"1","min":"1","max":"2147483647","cache":"1"}],
           "types":[{"oid":16388,"schema":"shop","name":"mood","kind":"e","delimiter":",","base":0,"element":0,"labels":["sad","glad"]},
             {"oid":16389,"schema":"shop","name":"_mood","kind":"b","delimiter":",","array":true,"base":0,"element":16388}]}],
         "alteredTypes":[16388],
         "types":[{"oid":16388,"schema":"shop","name":"mood","kind":"e","delimiter":",","base":0,"element":0,"labels":["sad","glad"]}],
         "dropped":[{"kind":"table","oid":16500,"schema":"shop","name":"old"},{"kind":"schema","oid":16501,"name":"attic"}],
         "schemas":[{"oid":16390,"name":"shop"}],
         "rewrites":[{"oid":16400,"reason":2,"empty":true}]}
        """;

    [Fact]
    public void A_message_is_read_whole()
    {
        DdlMessage message = DdlMessage.Parse(Encoding.UTF8.GetBytes(Sample));
        Assert.Equal(("ALTER TABLE", "shop, public"), (message.Tag, message.SearchPath));
        Assert.StartsWith("alter table shop.orders", message.Sql, StringComparison.Ordinal);
        Assert.Null(message.Unreadable);
        Assert.Equal([new(DroppedKind.Table, 16500, new("shop", "old")), new(DroppedKind.Schema, 16501, new("", "attic"))],
            message.Dropped);
        Assert.Equal([new(16390, "shop")], message.Schemas);
        Assert.Equal([new(16400, TableRewrite.Default | TableRewrite.Empty)], message.Rewrites);
        Assert.Equal(["sad", "glad"], Assert.Single(message.Types).Labels);

        CapturedTable table = Assert.Single(message.Tables);
        TableSchema schema = table.ToSchema(new TableId(7), new CommitTs(5, 1));
        Assert.Equal(new TableName("shop", "orders"), schema.Name);
        Assert.Equal(["id", "price", "m"], schema.Columns.Select(c => c.Name));
        Assert.Equal([0], schema.Key);
        Assert.Equal([true, false, false], schema.Columns.Select(c => c.IsIdentity));
        Assert.Equal((TypeKind.Array, "shop.mood[]", TypeKind.Enum),
            (schema.Columns[2].Type.Kind, schema.Columns[2].Type.Name, schema.Columns[2].Type.Element!.Kind));
        Assert.Equal(655366, schema.Columns[1].Type.Modifier);
        Assert.True(table is { IsLogged: true, Bar: UpdateBar.None });

        TableDefinition definition = schema.Definition!;
        Assert.Equal([1, 3, 4, 5], definition.Columns.Select(c => c.Number));
        Assert.True(definition.Columns[2].IsGenerated);
        Assert.Equal("{glad}", definition.Columns[3].MissingValue);
        Assert.Equal(new TableName("shop", "who"), definition.Constraints[1].References);
        Assert.Equal(2147483647, Assert.Single(definition.Sequences).Max);
        Assert.Equal("mood", Assert.Single(definition.Types).Name.Name);
    }

    [Fact]
    public void A_type_comes_behind_what_it_needs()
    {
        const string text = """
            {"v":1,"tag":"ALTER TYPE","alteredTypes":[10,12],"types":[
              {"oid":10,"schema":"s","name":"outer","kind":"c","delimiter":",","base":0,"element":0,"fields":[
                {"number":1,"name":"a","typeOid":11,"modifier":-1,"type":"s.inner[]"}]},
              {"oid":11,"schema":"s","name":"_inner","kind":"b","array":true,"delimiter":",","base":0,"element":12},
              {"oid":12,"schema":"s","name":"inner","kind":"d","delimiter":",","base":23,"element":0,"basis":"integer",
                "checks":[{"name":"positive","kind":"c","text":"CHECK (VALUE > 0)"}]}]}
            """;
        DdlMessage message = DdlMessage.Parse(Encoding.UTF8.GetBytes(text));
        Assert.Equal(["inner", "outer"], message.Types.Select(t => t.Name.Name));
        Assert.Equal([TypeForm.Domain, TypeForm.Composite], message.Types.Select(t => t.Form));
    }

    [Fact]
    public void What_the_trigger_could_not_read_is_said()
    {
        DdlMessage message = DdlMessage.Parse("""{"v":1,"unreadable":"42P01: relation is gone"}"""u8.ToArray());
        Assert.Equal("42P01: relation is gone", message.Unreadable);
    }

    [Fact]
    public void No_bytes_crash_the_reader()
    {
        byte[] good = Encoding.UTF8.GetBytes(Sample);
        Random random = new(4711);
        int refused = 0;
        for (int round = 0; round < 4000; round++)
        {
            byte[] bad = [.. good];
            for (int i = random.Next(1, 4); i > 0; i--) bad[random.Next(bad.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) bad = bad[..random.Next(bad.Length)];
            try
            {
                DdlMessage.Parse(bad);
            }
            catch (CdcException failure)
            {
                Assert.Equal(FailureKind.ProtocolViolation, failure.Kind);
                refused++;
            }
        }
        Assert.True(refused > 100);
    }
}
