using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Postgres.Target.Ddl;
using Cdc.Postgres.Wire;

namespace Cdc.Conformance.Tests.Target.Ddl;

/// <summary>What is left undone, refused, or waited for.</summary>
public sealed class DdlPolicyTests(DdlServer server) : IClassFixture<DdlServer>
{
    const string T = "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b text); "
        + "INSERT INTO t SELECT g, g * 10, 'b' || g FROM generate_series(1, 5) g; ";

    [Fact]
    public async Task Additive_leaves_what_was_dropped_and_says_so()
    {
        using DdlPair pair = await CopiedAsync(T + "CREATE TYPE mood AS ENUM ('x'); CREATE TABLE u (id int, m mood)");
        pair.Mode = DdlMode.Additive;
        pair.Both("ALTER TABLE t DROP a, ADD c int", "ALTER TABLE t DROP id", "DROP TABLE u", "DROP TYPE mood");
        CatalogState target = CatalogState.Read(pair.Target);
        TableDefinition t = target.Tables.Values.Single(static table => table.Name.Name == "t").Definition!;
        Assert.Equal(["id", "a", "b", "c"], t.Columns.Select(static column => column.Name));
        Assert.All(t.Columns, static column => Assert.False(column.NotNull));
        Assert.Empty(t.Constraints);
        Assert.Contains(target.Tables.Values, static table => table.Name.Name == "u");
        Assert.Equal(4, pair.Said.Count);
        Assert.Contains("The source dropped a of table public.t; the target keeps", pair.Said[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tie_to_a_table_of_another_moment_is_left_out_and_said()
    {
        using DdlPair pair = await CopiedAsync(T + "CREATE TABLE u (id int, t int)");
        pair.Target.Query("BEGIN");
        List<string> said = [];
        DdlStatement tie = TieText.ForeignKey(new("public", "t"),
            new("t_a_fkey", ConstraintKind.ForeignKey, "FOREIGN KEY (a) REFERENCES public.u(id)") { References = new("public", "u") },
            new() { Columns = [] });
        CancellationToken never = CancellationToken.None;
        DdlOptions options = new() { Changefeed = "c", Said = said.Add };
        DdlExecutor.Run(pair.Target, [tie with { IsOptional = true }], options, never);
        Assert.Contains("left out: public.u is of another moment", Assert.Single(said), StringComparison.Ordinal);
        Assert.Throws<CdcException>(() => DdlExecutor.Run(pair.Target, [tie], options, never));
    }

    [Fact]
    public async Task Ignore_runs_nothing_and_records_it()
    {
        using DdlPair pair = await CopiedAsync(T);
        string before = CatalogText.Of(CatalogState.Read(pair.Target));
        pair.Mode = DdlMode.Ignore;
        DdlEvent ddl = pair.Capture("ALTER TABLE t ADD c int");
        Assert.Equal(BlockOutcome.Written, pair.Apply(ddl));
        Assert.Equal(before, CatalogText.Of(CatalogState.Read(pair.Target)));
        Assert.Equal(BlockOutcome.AlreadyRecorded, pair.Apply(ddl));
    }

    [Fact]
    public async Task Stop_stops_at_the_first_one()
    {
        using DdlPair pair = await CopiedAsync(T);
        pair.Mode = DdlMode.Stop;
        CdcException stopped = Refused(pair, "ALTER TABLE t ADD c int");
        Assert.Equal(FailureKind.SinkUnfit, stopped.Kind);
        Assert.Equal("The source ran ALTER TABLE on public.t, and --ddl stop stops there.", stopped.Message);
        Assert.Empty(pair.Target.Query("SELECT 1 FROM cdc.ddl"));
    }

    [Fact]
    public async Task A_statement_runs_once()
    {
        using DdlPair pair = await CopiedAsync(T);
        DdlEvent ddl = pair.Capture("ALTER TABLE t ADD c int");
        Assert.Equal(BlockOutcome.Written, pair.Apply(ddl));
        Assert.Equal(BlockOutcome.AlreadyRecorded, pair.Apply(ddl));
        pair.AssertEqual();
    }

    [Fact]
    public async Task Who_holds_a_lock_is_named_and_waited_for()
    {
        using DdlPair pair = await CopiedAsync(T);
        pair.LockTimeout = TimeSpan.FromMilliseconds(20);
        DdlEvent ddl = pair.Capture("ALTER TABLE t ADD c int");
        using PgConnection other = server.Open(pair.Target.Query("SELECT current_database() AS d")["d"]!);
        other.Query("BEGIN; LOCK TABLE public.t IN ACCESS SHARE MODE");
        pair.OnWait = () => other.Query("COMMIT");
        Assert.Equal(BlockOutcome.Written, pair.Apply(ddl));
        Assert.Equal([$"ALTER TABLE … ADD COLUMN of public.t waits for process {other.BackendProcessId}"], pair.Waited);
        pair.AssertEqual();
        // What was undone to wait was not the record.
        Assert.Equal(BlockOutcome.AlreadyRecorded, pair.Apply(ddl));
    }

    [Fact]
    public async Task A_deadlock_with_the_targets_users_is_ended_by_us_and_tried_again()
    {
        using DdlPair pair = await CopiedAsync(T + "CREATE TABLE u (id int)");
        string database = pair.Target.Query("SELECT current_database() AS d")["d"]!;
        using PgConnection other = server.Open(database);
        using PgConnection looking = server.Open(database);
        // Whoever looks last for a circle is the one that ends it.
        pair.Target.Query("SET deadlock_timeout = '2s'");
        other.Query("SET deadlock_timeout = '1h'; BEGIN; LOCK TABLE public.u IN ACCESS SHARE MODE");
        Task closing = Task.Run(() =>
        {
            string held = "SELECT 1 FROM pg_locks WHERE granted AND relation = 'public.t'::regclass AND mode = 'AccessExclusiveLock'";
            while (looking.Query(held).Count == 0) { }
            other.Query("LOCK TABLE public.t IN ACCESS SHARE MODE; COMMIT");
        }, TestContext.Current.CancellationToken);
        List<string> waits = [];
        DdlOptions options = new() { Changefeed = "c", Waits = waits.Add, LockTimeout = TimeSpan.FromMinutes(2) };
        pair.Target.Query("BEGIN");
        DdlExecutor.Run(pair.Target, [Add("t"), Add("u")], options, TestContext.Current.CancellationToken);
        pair.Target.Query("COMMIT");
        await closing;
        Assert.StartsWith("ADD of public.u waits for ", Assert.Single(waits), StringComparison.Ordinal);
        Assert.Equal(2, pair.Target.Query("SELECT 1 FROM pg_attribute WHERE attname = 'added'").Count);

        static DdlStatement Add(string table) =>
            new(DdlPhase.Columns, $"ALTER TABLE public.{table} ADD added int", "ADD", new("public", table));
    }

    [Fact]
    public async Task Who_waits_for_a_lock_can_be_stopped()
    {
        using DdlPair pair = await CopiedAsync(T);
        using PgConnection other = server.Open(pair.Target.Query("SELECT current_database() AS d")["d"]!);
        other.Query("BEGIN; LOCK TABLE public.t IN ACCESS SHARE MODE");
        using CancellationTokenSource stop = new();
        int waits = 0;
        DdlOptions options = new()
        {
            Changefeed = "c", LockTimeout = TimeSpan.FromMilliseconds(20),
            Waits = _ =>
            {
                stop.Cancel();
                if (++waits > 3) other.Query("COMMIT");
            },
        };
        pair.Target.Query("BEGIN");
        DdlStatement drop = new(DdlPhase.DropTables, "DROP TABLE public.t", "DROP TABLE", new("public", "t"));
        Assert.Throws<OperationCanceledException>(() => DdlExecutor.Run(pair.Target, [drop], options, stop.Token));
        Assert.Equal(1, waits);
        pair.Target.Query("ROLLBACK");
    }

    [Fact]
    public async Task A_table_of_the_targets_own_under_the_name_of_a_new_one_is_not_taken_for_it()
    {
        using DdlPair pair = await CopiedAsync(T);
        pair.Target.Query("CREATE TABLE public.u (id int)");
        CdcException stopped = Refused(pair, "CREATE TABLE u (id int)");
        Assert.Equal("The target refuses CREATE TABLE of public.u: relation \"u\" already exists (42P07).", stopped.Message);
    }

    [Fact]
    public async Task Rows_of_the_targets_own_in_a_table_that_was_empty_are_not_converted()
    {
        using DdlPair pair = await CopiedAsync("CREATE TABLE e (id int PRIMARY KEY, a text)");
        pair.Target.Query("INSERT INTO public.e VALUES (1, 'x')");
        DdlEvent ddl = pair.Capture("ALTER TABLE e ALTER a TYPE int USING length(a)", isKnown: false);
        CdcException stopped = Assert.Throws<CdcException>(() => pair.Apply(ddl));
        Assert.Contains("which had none, but the target has some", stopped.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ALTER TABLE t ADD c uuid DEFAULT gen_random_uuid()")]
    [InlineData("ALTER TABLE t ADD c serial")]
    [InlineData("ALTER TABLE t ADD c int GENERATED ALWAYS AS IDENTITY")]
    [InlineData("ALTER TABLE t ADD c timestamptz DEFAULT now(), ALTER a TYPE bigint")]
    [InlineData("ALTER TABLE t ALTER a TYPE int USING a + (random() * 10)::int")]
    [InlineData("ALTER TABLE t ALTER b TYPE timestamptz USING (DATE '2026-01-01' + a)::timestamptz")]
    [InlineData("ALTER TABLE t ALTER a TYPE bigint USING nextval('s')")]
    [InlineData("ALTER TABLE t ALTER b TYPE text USING b || now()")]
    [InlineData("ALTER TABLE t ALTER b TYPE text USING current_setting('TimeZone')")]
    [InlineData("ALTER TABLE t ALTER b TYPE name USING current_user")]
    public async Task Rows_that_nobody_can_know_need_a_new_copy(string sql)
    {
        using DdlPair pair = await CopiedAsync(T + "CREATE SEQUENCE s");
        string before = CatalogText.Of(CatalogState.Read(pair.Target));
        CdcException stopped = Refused(pair, sql);
        Assert.Equal(FailureKind.TableStopped, stopped.Kind);
        Assert.StartsWith("Table public.t needs a new copy: ", stopped.Message, StringComparison.Ordinal);
        Assert.Equal(before, CatalogText.Of(CatalogState.Read(pair.Target)));
    }

    [Fact]
    public async Task A_type_changed_by_an_unknown_text_is_taken_only_where_no_row_was()
    {
        using DdlPair pair = await CopiedAsync(T + "CREATE TABLE e (id int PRIMARY KEY, a text)");
        pair.Follow("ALTER TABLE e ALTER a TYPE int USING length(a)", isKnown: false);
        pair.AssertEqual();
        DdlEvent ddl = pair.Capture("ALTER TABLE t ALTER a TYPE bigint USING a + 1", isKnown: false);
        CdcException stopped = Assert.Throws<CdcException>(() => pair.Apply(ddl));
        Assert.Contains("how its values were made is not known", stopped.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ALTER TABLE t ALTER a TYPE bigint USING a + 1", "ALTER TABLE t ALTER b TYPE text")]
    [InlineData("ALTER TABLE t ALTER a TYPE bigint USING a + 1, ALTER b TYPE varchar(9)", "ALTER TABLE t ALTER a TYPE bigint USING a + 1")]
    [InlineData("ALTER TABLE t ALTER a TYPE int USING a + 1", "ALTER TABLE t ADD c int")]
    public async Task A_text_that_does_not_say_what_was_done_is_not_believed(string done, string said)
    {
        using DdlPair pair = await CopiedAsync(T);
        CdcException stopped = Assert.Throws<CdcException>(() => pair.Apply(pair.Capture(done) with { Sql = said }));
        Assert.Contains("how its values were made is not known", stopped.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ALTER TABLE t ALTER a TYPE bigint USING f(a)")]
    [InlineData("ALTER TABLE t ALTER a TYPE int USING a @+@ 1")]
    [InlineData("ALTER TABLE t ADD c int DEFAULT f(1), ALTER a TYPE bigint")]
    public async Task Rows_written_with_a_function_of_the_users_need_a_new_copy(string sql)
    {
        const string made = "CREATE FUNCTION public.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1'; "
            + "CREATE FUNCTION public.g(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2'; "
            + "CREATE OPERATOR public.@+@ (FUNCTION = public.g, LEFTARG = int, RIGHTARG = int)";
        using DdlPair pair = await CopiedAsync(T + made);
        pair.Target.Query(made);
        CdcException stopped = Refused(pair, sql);
        Assert.Contains("a function or operator that a user made", stopped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_of_an_extension_is_taken_to_be_alike()
    {
        using DdlPair pair = await CopiedAsync(T);
        pair.Source.Query("CREATE EXTENSION fuzzystrmatch");
        pair.Target.Query("CREATE EXTENSION fuzzystrmatch SCHEMA public");
        pair.Follow("ALTER TABLE t ALTER b TYPE int USING levenshtein(b, 'x')");
        pair.AssertEqual();
    }

    [Fact]
    public async Task A_type_of_an_extension_that_the_target_lacks_is_named_with_the_statement()
    {
        using DdlPair pair = await CopiedAsync(T);
        pair.Source.Query("CREATE EXTENSION hstore");
        CdcException stopped = Refused(pair, "ALTER TABLE t ADD c hstore");
        Assert.Equal(FailureKind.SinkUnfit, stopped.Kind);
        Assert.Equal("The target has no type public.hstore, which the source's tables use.", stopped.Message);
        Assert.Equal("Run in the target: CREATE EXTENSION \"hstore\" SCHEMA \"public\";", stopped.Fix);
    }

    [Fact]
    public async Task A_function_that_the_target_lacks_is_named()
    {
        using DdlPair pair = await CopiedAsync(T);
        pair.Source.Query("CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'");
        CdcException stopped = Refused(pair, "CREATE INDEX i ON t (f(a))");
        Assert.StartsWith("The target refuses CREATE INDEX of public.t: function public.f(integer) does not exist",
            stopped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_never_shows_a_value()
    {
        using DdlPair pair = await CopiedAsync(T);
        pair.Target.Query("UPDATE public.t SET b = 'secret'");
        CdcException stopped = Refused(pair, "ALTER TABLE t ADD CONSTRAINT k UNIQUE (b)");
        Assert.Equal("The target refuses ALTER TABLE … ADD CONSTRAINT of public.t: rows that are there break it (23505).",
            stopped.Message);
    }

    [Fact]
    public async Task A_foreign_key_that_does_not_hold_is_there_as_not_valid()
    {
        using DdlPair pair = await CopiedAsync(T + "CREATE TABLE u (id int PRIMARY KEY, t int); INSERT INTO u VALUES (1, 5)");
        pair.Target.Query("DELETE FROM public.t WHERE id = 5");
        pair.Follow("ALTER TABLE u ADD CONSTRAINT f FOREIGN KEY (t) REFERENCES t");
        Assert.Equal(["The foreign key f of public.u does not hold for rows of the target; it is there as NOT VALID."],
            pair.Said);
        Assert.Equal("f", pair.Target.Query("SELECT convalidated AS v FROM pg_constraint WHERE conname = 'f'")["v"]);
    }

    [Fact]
    public async Task A_type_that_is_there_already_is_taken_and_a_schema_with_other_things_stays()
    {
        using DdlPair pair = await CopiedAsync("CREATE SCHEMA s; CREATE TABLE s.t (id int)");
        pair.Target.Query("CREATE TYPE public.mood AS ENUM ('a', 'b', 'c'); CREATE TABLE s.mine (id int)");
        pair.Source.Query("CREATE TYPE mood AS ENUM ('a', 'c')");
        pair.Follow("ALTER TABLE s.t ADD m mood");
        pair.Follow("ALTER TYPE mood ADD VALUE 'b' BEFORE 'c'");
        pair.AssertTypes();
        pair.Follow("DROP SCHEMA s CASCADE");
        Assert.Equal(["The source dropped schema s; the target's holds other things and stays."], pair.Said);
    }

    [Fact]
    public async Task Columns_left_out_are_not_made_and_nothing_of_them()
    {
        using DdlPair pair = await CopiedAsync("SELECT 1");
        pair.Capture("CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE, b text, c int GENERATED ALWAYS AS (a + 1) STORED, "
            + "CHECK (a > id))");
        TableSchema whole = pair.ReadSource().Tables.Values.Single();
        TableSchema seen = whole with { Columns = whole.Columns.RemoveAt(1) };
        TableDefinition view = TargetView.Of(seen);
        Assert.Equal(["id", "b"], view.Columns.Select(static column => column.Name));
        Assert.Equal(["t_pkey"], view.Constraints.Select(static constraint => constraint.Name));
    }

    static CdcException Refused(DdlPair pair, string sql)
    {
        DdlEvent ddl = pair.Capture(sql);
        return Assert.Throws<CdcException>(() => pair.Apply(ddl));
    }

    async Task<DdlPair> CopiedAsync(string before)
    {
        DdlPair pair = await server.PairAsync();
        pair.Source.Query(before);
        pair.Capture("SELECT 1");
        pair.Snapshot();
        return pair;
    }
}
