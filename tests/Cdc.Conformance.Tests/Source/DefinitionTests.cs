using System.Data;
using Cdc.Engine.Schemas;
using Cdc.Postgres;
using Cdc.Postgres.Catalog;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Snapshot;
using Npgsql;

namespace Cdc.Conformance.Tests.Source;

/// <summary>A snapshot's tables are described as of the snapshot, though the server prints definitions as of now.</summary>
public sealed class DefinitionTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    const string Tables = """
        CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TYPE pair AS (x int, m mood); CREATE DOMAIN few AS int CHECK (VALUE > 0);
        CREATE FUNCTION one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
        CREATE TABLE target (id int PRIMARY KEY, u int UNIQUE);
        CREATE TABLE root (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE a (id serial PRIMARY KEY, x int CHECK (x > 0), m mood, p pair, f few DEFAULT one(), t int REFERENCES target (u));
        CREATE INDEX a_x ON a (x);
        CREATE TABLE other (id int PRIMARY KEY);
        """;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ALTER TABLE a RENAME x TO y")]
    [InlineData("ALTER TABLE a RENAME TO b")]
    [InlineData("ALTER TABLE a ADD z int")]
    [InlineData("ALTER TABLE a ALTER x SET DEFAULT 5")]
    [InlineData("ALTER TABLE a DROP CONSTRAINT a_x_check")]
    [InlineData("ALTER TABLE a ADD CHECK (x < 9)")]
    [InlineData("ALTER TABLE a REPLICA IDENTITY FULL")]
    [InlineData("ALTER INDEX a_x RENAME TO a_y")]
    [InlineData("DROP INDEX a_x")]
    [InlineData("CREATE INDEX ON a (x, m)")]
    [InlineData("ALTER TABLE target RENAME TO goal")]
    [InlineData("ALTER TABLE target RENAME u TO v")]
    [InlineData("ALTER SEQUENCE a_id_seq RENAME TO s")]
    [InlineData("ALTER SEQUENCE a_id_seq INCREMENT 2")]
    [InlineData("ALTER TYPE mood RENAME TO humour")]
    [InlineData("ALTER TYPE mood RENAME VALUE 'sad' TO 'low'")]
    [InlineData("ALTER TYPE mood ADD VALUE 'new'")]
    [InlineData("ALTER TYPE pair RENAME ATTRIBUTE x TO y")]
    [InlineData("ALTER DOMAIN few RENAME CONSTRAINT few_check TO c")]
    [InlineData("ALTER DOMAIN few ADD CHECK (VALUE < 9)")]
    [InlineData("ALTER FUNCTION one() RENAME TO eins")]
    [InlineData("ALTER SCHEMA public RENAME TO p; CREATE SCHEMA public")]
    [InlineData("CREATE TABLE r1 (id int PRIMARY KEY); ALTER TABLE root ATTACH PARTITION r1 DEFAULT; ALTER TABLE root RENAME TO r", "r1")]
    public async Task Whatever_changes_before_the_look_a_newer_snapshot_is_asked_for(string ddl, string table = "a")
    {
        string setUp = table == "a" ? Tables : Tables + ddl[..ddl.LastIndexOf("; ", StringComparison.Ordinal)];
        string database = await fixture.DatabaseAsync(setUp);
        if (table != "a") ddl = ddl[(ddl.LastIndexOf("; ", StringComparison.Ordinal) + 2)..];
        TestLog log = new();
        Assert.False(await OpensAsync(database, table, ddl, isLoose: false, log));
        Assert.Contains(log.Lines, line => line.Contains("a newer one is taken", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_does_not_touch_the_tables_changes_nothing()
    {
        string database = await fixture.DatabaseAsync(Tables);
        TestLog log = new();
        Assert.True(await OpensAsync(database, "a", "INSERT INTO target VALUES (1, 1); ANALYZE; ALTER TABLE other ADD x int; CREATE TABLE n (id int)", isLoose: false, log));
        Assert.Empty(log.Lines);
        // Where there is no newer snapshot it is said what may be newer.
        Assert.True(await OpensAsync(database, "a", "ALTER TABLE target RENAME u TO v", isLoose: true, log));
        Assert.Contains("table public.a", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    /// <summary>Opens a snapshot that was taken before the statements ran.</summary>
    async Task<bool> OpensAsync(string database, string table, string ddl, bool isLoose, TestLog log)
    {
        await using NpgsqlConnection connection = await fixture.Cluster.OpenAsync(database);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, Cancellation);
        await using NpgsqlCommand export = new($"SELECT pg_export_snapshot(), '{table}'::regclass::oid", connection, transaction);
        string name;
        uint oid;
        await using (NpgsqlDataReader row = await export.ExecuteReaderAsync(Cancellation))
        {
            await row.ReadAsync(Cancellation);
            (name, oid) = (row.GetString(0), row.GetFieldValue<uint>(1));
        }
        foreach (string statement in ddl.Split("; ")) await fixture.Cluster.ExecuteAsync(statement, database);
        PostgresSourceOptions options = new()
        {
            Address = PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), Name = "look", SpillDirectory = fixture.Spill.Path,
        };
        await using ControlConnections connections = new(options.Address);
        SnapshotOpener opener = new(options, connections, new TypeCatalog(), log);
        SchemaHistory history = new([]);
        PostgresSnapshot? snapshot = await opener.OpenAsync(new(1, name), history, [oid], isLoose, Cancellation);
        Assert.Equal(snapshot is null ? 0 : 1, history.Latest().Count());
        if (snapshot is not null) await snapshot.DisposeAsync();
        return snapshot is not null;
    }
}
