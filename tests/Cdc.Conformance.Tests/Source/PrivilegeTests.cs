using Cdc.Engine.Failures;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Npgsql;

namespace Cdc.Conformance.Tests.Source;

/// <summary>Each missing privilege is named with the statement that gives it, all at once; those statements are enough.</summary>
public sealed class PrivilegeTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plain_role_is_told_everything_that_it_lacks_and_starts_when_it_has_it()
    {
        string database = await fixture.DatabaseAsync("""
            CREATE ROLE plain LOGIN; CREATE ROLE shopkeeper;
            CREATE SCHEMA shop;
            CREATE TABLE shop.a (id int PRIMARY KEY); CREATE TABLE shop.guarded (id int PRIMARY KEY);
            ALTER TABLE shop.guarded ENABLE ROW LEVEL SECURITY;
            ALTER TABLE shop.a OWNER TO shopkeeper; ALTER TABLE shop.guarded OWNER TO shopkeeper;
            ALTER TABLE shop.guarded FORCE ROW LEVEL SECURITY;
            """);
        await using PostgresSource source = fixture.Source(database, "plain", user: "plain");
        Problem[] lacks = await ProblemsAsync(source);
        string[] fixes =
        [
            "ALTER ROLE \"plain\" REPLICATION;",
            "GRANT USAGE ON SCHEMA \"shop\" TO \"plain\";",
            "GRANT SELECT ON \"shop\".\"a\", \"shop\".\"guarded\" TO \"plain\";",
            "ALTER ROLE \"plain\" BYPASSRLS;",
            $"GRANT CREATE ON DATABASE \"{database}\" TO \"plain\";",
            "GRANT \"shopkeeper\" TO \"plain\";",
        ];
        foreach (string fix in fixes)
            Assert.Contains(lacks, problem => problem.Fix!.Contains(fix, StringComparison.Ordinal));
        Assert.Equal(fixes.Length, lacks.Length);
        await Assert.ThrowsAsync<CdcException>(() => source.StartAsync(new([]), Cancellation).AsTask());

        // One by one: each statement takes away its own problem.
        foreach (string fix in fixes)
        {
            await fixture.Cluster.ExecuteAsync(fix, database);
            Assert.DoesNotContain(await ProblemsAsync(source), p => p.Fix!.Contains(fix, StringComparison.Ordinal));
        }
        await using ISourceSnapshot snapshot = await source.StartAsync(new([]), Cancellation);
        Assert.Equal(2, snapshot.Tables.Count);
    }

    [Fact]
    public async Task A_role_that_may_not_publish_starts_on_publications_that_somebody_made()
    {
        string database = await fixture.DatabaseAsync("""
            CREATE ROLE reader LOGIN REPLICATION; CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int);
            GRANT SELECT ON a, b TO reader;
            """);
        await using PostgresSource source = fixture.Source(database, "made", user: "reader");
        SourceFacts facts = await source.InspectAsync(Cancellation);
        Assert.Contains(facts.Problems, p => !p.IsWarning);
        foreach (string statement in facts.Plan.Where(s => s.Contains("PUBLICATION", StringComparison.Ordinal)))
            await fixture.Cluster.ExecuteAsync(statement, database);
        Assert.Empty(await ProblemsAsync(source));
        await using ISourceSnapshot snapshot = await source.StartAsync(new([]), Cancellation);
        Assert.Equal(2, snapshot.Tables.Count);
    }

    [Fact]
    public async Task A_pattern_that_matches_nothing_is_refused()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await using PostgresSource source = fixture.Source(database, "nothing", tables: "shop");
        Problem problem = Assert.Single(await ProblemsAsync(source));
        Assert.Contains("shop", problem.Sentence, StringComparison.Ordinal);
        Assert.Empty((await source.InspectAsync(Cancellation)).Tables);
    }

    [Fact]
    public async Task Doctor_lists_slots_and_who_would_be_waited_for()
    {
        string database = await fixture.DatabaseAsync("CREATE TABLE a (id int PRIMARY KEY)");
        await fixture.Cluster.ExecuteAsync(
            "SELECT pg_create_logical_replication_slot('cdc_doctored', 'pgoutput')", database);
        await using NpgsqlConnection writer = await fixture.Cluster.OpenAsync(database);
        await using NpgsqlTransaction transaction = await writer.BeginTransactionAsync(Cancellation);
        await using NpgsqlCommand insert = new("INSERT INTO a VALUES (1)", writer, transaction);
        await insert.ExecuteNonQueryAsync(Cancellation);

        DoctorFacts facts = await PostgresDoctor.LookAsync(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), Cancellation);
        SlotFacts slot = Assert.Single(facts.Slots, s => s.Name == "cdc_doctored");
        Assert.Equal((database, 0, "reserved", false), (slot.Database, slot.ActivePid, slot.WalStatus, slot.IsLost));
        Assert.Contains(facts.Transactions, t => t.Pid == writer.ProcessID);
        Assert.All(facts.Levels, level => Assert.True(level.IsReached));
    }

    [Fact]
    public async Task Doctor_lists_what_no_target_will_have()
    {
        string database = await fixture.DatabaseAsync("""
            CREATE TABLE a (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY);
            CREATE VIEW "Odd view" AS SELECT 1; CREATE MATERIALIZED VIEW seen AS SELECT 1;
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f(); CREATE RULE r AS ON DELETE TO a DO ALSO NOTHING;
            CREATE SEQUENCE one; CREATE SEQUENCE two; CREATE SEQUENCE three; CREATE SEQUENCE four;
            ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE EXTENSION citext;
            """);
        DoctorFacts facts = await PostgresDoctor.LookAsync(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database)), Cancellation);

        Assert.Equal(
        [
            "views 2: public.\"Odd view\" public.seen", "functions and procedures 1: public.f",
            "triggers 1: t on public.a", "rules 1: r on public.a", "tables with row-level security 1: public.a",
            "sequences that no column owns 4: public.four public.one public.three", "extensions 1: citext",
        ], facts.NotCarried.Select(static kind => $"{kind.Kind} {kind.Count}: {string.Join(' ', kind.Names)}"));
    }

    [Fact]
    public async Task A_cleanup_that_can_not_be_done_whole_drops_nothing_and_names_what_is_missing()
    {
        string database = await fixture.DatabaseAsync("""
            CREATE ROLE publisher LOGIN; CREATE ROLE cleaner LOGIN;
            CREATE PUBLICATION cdc_whole; CREATE PUBLICATION cdc_whole_insert;
            ALTER PUBLICATION cdc_whole OWNER TO publisher;
            """);
        await fixture.Cluster.ExecuteAsync(
            "SELECT pg_create_logical_replication_slot('cdc_whole', 'pgoutput')", database);
        await using PostgresCleanup cleanup = new(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database, "cleaner")), TimeProvider.System);
        CdcException refused =
            await Assert.ThrowsAsync<CdcException>(() => cleanup.RunAsync("whole", force: false, Cancellation));
        Assert.Equal(FailureKind.SourceUnfit, refused.Kind);
        Assert.Contains("slot cdc_whole, which takes REPLICATION", refused.Message, StringComparison.Ordinal);
        Assert.Contains("publications cdc_whole, cdc_whole_insert", refused.Message, StringComparison.Ordinal);
        Assert.Contains("GRANT \"publisher\" TO \"cleaner\";", refused.Fix, StringComparison.Ordinal);
        // Nobody is told to hand out a superuser; the statements are there for one.
        Assert.DoesNotContain("GRANT \"postgres\"", refused.Fix, StringComparison.Ordinal);
        Assert.Contains("DROP PUBLICATION IF EXISTS \"cdc_whole_insert\";", refused.Fix, StringComparison.Ordinal);
        Assert.Equal("3", await LeftAsync(database));

        await fixture.Cluster.ExecuteAsync("""
            ALTER ROLE cleaner REPLICATION; GRANT publisher TO cleaner;
            ALTER PUBLICATION cdc_whole_insert OWNER TO publisher;
            """, database);
        Assert.Equal(3, (await cleanup.RunAsync("whole", force: false, Cancellation)).Statements.Length);
        Assert.Equal("0", await LeftAsync(database));
        Assert.Empty((await cleanup.RunAsync("whole", force: false, Cancellation)).Statements);
    }

    [Fact]
    public async Task A_reader_that_our_role_may_not_end_is_left_alone_and_so_is_everything_else()
    {
        string database = await fixture.DatabaseAsync("CREATE ROLE ender LOGIN REPLICATION");
        PostgresAddress superuser = PostgresAddress.Parse(fixture.Cluster.UrlFor(database));
        using PgConnection reader = PgConnection.Connect(superuser.Endpoint, new() { Replication = true }, Cancellation);
        reader.Query("CREATE_REPLICATION_SLOT cdc_read TEMPORARY LOGICAL pgoutput");
        await using PostgresCleanup cleanup = new(
            PostgresAddress.Parse(fixture.Cluster.UrlFor(database, "ender")), TimeProvider.System);
        CdcException refused =
            await Assert.ThrowsAsync<CdcException>(() => cleanup.RunAsync("read", force: true, Cancellation));
        Assert.Equal(FailureKind.SourceUnfit, refused.Kind);
        Assert.Contains("may not end a reader of role postgres", refused.Message, StringComparison.Ordinal);
        Assert.Contains("pg_terminate_backend", refused.Fix, StringComparison.Ordinal);
        Assert.Equal("1", await LeftAsync(database));
    }

    async Task<string?> LeftAsync(string database) => await fixture.Cluster.ScalarAsync($"""
        SELECT (SELECT count(*) FROM pg_publication)
            + (SELECT count(*) FROM pg_replication_slots WHERE database = '{database}')
        """, database);

    static async Task<Problem[]> ProblemsAsync(PostgresSource source) =>
        [.. (await source.InspectAsync(Cancellation)).Problems.Where(p => !p.IsWarning)];
}
