using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Protocol;

namespace Cdc.Conformance.Tests.Source;

/// <summary>Every type of a stock server comes with the same bytes from the snapshot and from the stream, whatever the
/// database's settings.</summary>
public sealed class TypesTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    const string Table = """
        CREATE SCHEMA shop;
        CREATE TYPE shop.mood AS ENUM ('sad', 'so so', 'happy');
        CREATE DOMAIN shop.posint AS int CHECK (VALUE > 0);
        CREATE DOMAIN shop.price AS numeric(12,2);
        CREATE TYPE shop.place AS (name text, x float8, at timestamptz);
        CREATE TYPE shop.trip AS (origin shop.place, stops shop.place[], mood shop.mood);
        CREATE TYPE shop.span AS RANGE (subtype = float8);
        CREATE EXTENSION hstore SCHEMA shop;
        CREATE EXTENSION citext SCHEMA shop;
        CREATE TABLE shop.every (
            id int PRIMARY KEY, a_bool bool, a_int2 int2, a_int8 int8, a_oid oid, a_xid xid, a_f4 float4, a_f8 float8,
            a_num numeric, a_num2 numeric(20,5), a_money money, a_char "char", a_bpchar char(5), a_varchar varchar(20),
            a_text text, a_name name, a_bytea bytea, a_date date, a_time time, a_timetz timetz, a_ts timestamp,
            a_tstz timestamptz, a_interval interval, a_uuid uuid, a_json json, a_jsonb jsonb, a_xml xml, a_bit bit(4),
            a_varbit varbit, a_inet inet, a_cidr cidr, a_mac macaddr, a_mac8 macaddr8, a_tsv tsvector, a_tsq tsquery,
            a_point point, a_box box, a_path path, a_circle circle, a_lsn pg_lsn, a_class regclass,
            a_ints int[], a_texts text[], a_boxes box[], a_r4 int4range, a_rnum numrange, a_rts tsrange,
            a_rtstz tstzrange, a_rdate daterange, a_m4 int4multirange, a_mts tstzmultirange, a_span shop.span,
            a_mood shop.mood, a_moods shop.mood[], a_pos shop.posint, a_price shop.price, a_place shop.place,
            a_trip shop.trip, a_hstore shop.hstore, a_citext shop.citext, a_prices shop.price[], "odd ""name" text,
            gone int, doubled int GENERATED ALWAYS AS (a_int2 * 2) STORED);
        ALTER TABLE shop.every DROP COLUMN gone;
        """;

    const string Rows = """
        SET search_path = shop, public;
        INSERT INTO shop.every VALUES (1, true, -32768, 9223372036854775807, 4294967295, '4294967295', 1.1, 0.1,
            123456789012345678901234567890.1234567890, 1.5, 1234.56, 'c', 'ab', 'varchar', E'tab\there\nline\\back\r\b\f\x0B \u00e4\U0001F600',
            'a name', '\x00ff27', '2026-11-20', '23:59:59.999999', '12:00:00+05:45', '2026-11-20 22:57:03.123456',
            '2026-11-20 22:57:03.123456+05', '1 year 2 mons -3 days 04:05:06.789', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
            '{"a" : [1, 2 ] }', '{"a": "\u00e4", "b": null}', '<a b="c">d</a>', B'1010', B'101', '10.0.0.1/8', '10.0.0.0/8',
            '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', 'a fat cat', 'fat & cat', '(1.5,2)', '(1,2),(3,4)',
            '((0,0),(1,1))', '<(1,2),3>', '16/B374D848', 'pg_catalog.pg_class',
            '{{1,2},{3,NULL}}', '[0:1]={"a\"b","{c,d}"}', '{(1,1),(0,0);(2,2),(1,1)}', '[1,5)', '(1.5,]',
            '["2026-01-01 00:00:00","2026-01-02 00:00:00")', '[2026-01-01 00:00:00+05,infinity)', '[2026-01-01,)',
            '{[1,3),[5,7)}', '{[2026-01-01 00:00:00+00,2026-01-02 00:00:00+00)}', '[1.5,2.5]',
            'so so', '{sad,"so so",NULL}', 7, 9.99, ROW('a "b", (c)', 1.5, '2026-11-20 00:00:00+03'),
            ROW(ROW('x', 1, NULL), ARRAY[ROW('y', 2, '2026-11-20 00:00:00+03')::place], 'happy'), 'a=>1,"b c"=>NULL',
            'CiText', '{1.10,2.20}', E'\\N');
        INSERT INTO shop.every (id, a_num, a_f4, a_f8, a_date, a_ts, a_tstz, a_text, a_ints, a_r4, a_m4, a_interval, a_money, a_bytea)
        VALUES (2, 'NaN', 'NaN', '-Infinity', 'infinity', '-infinity', '0044-03-15 12:00:00+00 BC', '', '{}', 'empty', '{}',
                '-1 days +02:03:00', '-0.01', ''),
            (3, 'Infinity', '-0', 1e300, '0044-03-15 BC', '0001-01-01 00:00:00 BC', 'infinity', '\N', '[-2:-1]={1,2}', '(,)', '{(,)}',
                '0', '-92233720368547758.08', '\x'),
            (4, 1.00, 1e-40, 4.9e-324, '294276-12-31', '294276-12-31 23:59:59.999999', '4714-11-24 00:00:00+00 BC', ' ', NULL, NULL,
                NULL, '178000000 years', NULL, NULL);
        """;

    [Fact]
    public async Task Snapshot_and_stream_give_every_type_with_the_same_bytes()
    {
        string database = await fixture.DatabaseAsync(Table + Rows);
        List<string?[]> rows = await BothWaysAsync(database, "same");
        Assert.Equal(4, rows.Count);
        Assert.Equal("\\N", rows[0][^1]);
        Assert.Equal("tab\there\nline\\back\r\b\f\v ä😀", rows[0][14]);
        Assert.Equal("2026-11-20 17:57:03.123456+00", rows[0][21]);
    }

    [Fact]
    public async Task A_database_with_other_settings_gives_the_same_bytes()
    {
        string usual = await fixture.DatabaseAsync(Table + Rows);
        await fixture.Cluster.CreateDifferentDatabaseAsync("different");
        await fixture.Cluster.ExecuteAsync(Table, "different");
        // The inserted literals are read under the usual settings, so that both databases hold the same values.
        await fixture.Cluster.ExecuteAsync(
            "SET DateStyle = 'ISO, MDY'; SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres'; SET lc_monetary = 'C';"
            + " SET standard_conforming_strings = on; SET array_nulls = on;" + Rows, "different");
        Assert.Equal(await BothWaysAsync(usual, "usual"), await BothWaysAsync("different", "different"));
    }

    [Fact]
    public async Task Types_are_known_by_what_they_stand_on()
    {
        string database = await fixture.DatabaseAsync(Table);
        await using PostgresSource source = fixture.Source(database, "kinds");
        SchemaHistory history = new([]);
        await using ISourceSnapshot snapshot = await source.StartAsync(history, TestContext.Current.CancellationToken);
        TableSchema schema = Assert.Single(snapshot.Tables).Schema;
        ColumnType Of(string column) => schema.Columns.Single(c => c.Name == column).Type;

        Assert.DoesNotContain(schema.Columns, c => c.Name is "gone" or "doubled");
        Assert.Equal((TypeKind.Int32, "shop.posint"), (Of("a_pos").Kind, Of("a_pos").Name));
        Assert.Equal((TypeKind.Enum, "shop.mood"), (Of("a_mood").Kind, Of("a_mood").Name));
        Assert.Equal(TypeKind.Enum, Of("a_moods").Element!.Kind);
        Assert.Equal(';', Of("a_boxes").Element!.Delimiter);
        Assert.Equal(TypeKind.Text, Of("a_citext").Kind);
        Assert.Equal(TypeKind.Hstore, Of("a_hstore").Kind);
        Assert.Equal(TypeKind.Float64, Of("a_span").Element!.Kind);
        Assert.Equal(TypeKind.Range, Of("a_m4").Element!.Kind);
        Assert.Equal(["origin", "stops", "mood"], Of("a_trip").Fields.Select(f => f.Name));
        Assert.Equal(TypeKind.Composite, Of("a_trip").Fields[1].Type.Element!.Kind);
        Assert.Equal((20 << 16 | 5) + 4, Of("a_num2").Modifier);
        Assert.Equal([0], schema.Key);
        Assert.True(schema.Columns[0].IsIdentity);
    }

    // The rows as the snapshot has them; they are then deleted and inserted again, and must come alike from the stream.
    async Task<List<string?[]>> BothWaysAsync(string database, string name)
    {
        await using PostgresSource source = fixture.Source(database, name);
        SchemaHistory history = new([]);
        List<string?[]> copied;
        CommitTs at;
        await using (ISourceSnapshot snapshot = await source.StartAsync(history, TestContext.Current.CancellationToken))
        {
            copied = await ReadRows.OfAsync(snapshot, "every");
            at = snapshot.At;
        }
        await fixture.Cluster.ExecuteAsync("""
            SET statement_timeout = 0;
            CREATE TEMP TABLE kept AS SELECT * FROM shop.every;
            DELETE FROM shop.every;
            ALTER TABLE kept DROP COLUMN doubled;
            INSERT INTO shop.every SELECT * FROM kept ORDER BY id;
            """, database);
        var streamed = await ReadRows.StreamToNowAsync(source, history, at);
        Assert.Equal(copied, streamed.Where(r => r.Op == Engine.Rows.Op.Insert).Select(r => r.Cells));
        await source.SettleAsync(TestContext.Current.CancellationToken);
        return copied;
    }
}
