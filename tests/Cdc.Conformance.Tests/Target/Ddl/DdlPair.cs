using System.Globalization;
using Cdc.Engine.Ddl;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Target.Ddl;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Conformance.Tests.Target.Ddl;

/// <summary>A source, and a target that follows it by its DDL.</summary>
internal sealed class DdlPair : IDisposable
{
    public const string Path = "public";

    CatalogState _last;
    uint _step;

    public DdlPair(PgConnection source, PgConnection target)
    {
        (Source, Target) = (source, target);
        source.Query("""
            CREATE SCHEMA test; CREATE TABLE test.rewrites (relation oid, reason int);
            CREATE FUNCTION test.rewritten() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO test.rewrites
            VALUES (pg_event_trigger_table_rewrite_oid(), pg_event_trigger_table_rewrite_reason()); END $$;
            CREATE EVENT TRIGGER rewritten ON table_rewrite EXECUTE FUNCTION test.rewritten();
            """);
        target.Query("""
            CREATE SCHEMA cdc; CREATE TABLE cdc.ddl (changefeed text, commit pg_lsn, step int, tag text NOT NULL,
            done_at timestamptz NOT NULL, PRIMARY KEY (changefeed, commit, step))
            """);
        source.Query($"SET search_path = {Path}");
        _last = ReadSource();
    }

    public PgConnection Source { get; }
    public PgConnection Target { get; }
    public DdlMode Mode { get; set; }
    public List<string> Said { get; } = [];
    public List<string> Waited { get; } = [];
    public Action OnWait { get; set; } = static () => { };
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Runs one statement at the source and returns what the capture would say of it.</summary>
    public DdlEvent Capture(string sql, bool isKnown = true)
    {
        Source.Query("TRUNCATE test.rewrites");
        Source.Query(sql);
        CatalogState now = ReadSource();
        Dictionary<uint, TableRewrite> rewrites = [];
        foreach (IReadOnlyList<string?> row in Source.Query("SELECT relation, relation::regclass, reason FROM test.rewrites"))
        {
            var reason = (TableRewrite)int.Parse(row[2]!, CultureInfo.InvariantCulture);
            bool isEmpty = Source.Query($"SELECT EXISTS (SELECT FROM {row[1]}) AS e")["e"] == "f";
            rewrites[uint.Parse(row[0]!, CultureInfo.InvariantCulture)] =
                reason | (isEmpty ? TableRewrite.Empty : TableRewrite.None);
        }
        CommitTs at = new(0x1000, ++_step);
        DdlEvent ddl = new(new(new(at, false), new Influence.All()), new(at, 0, 0), Tag(sql),
            now.Since(_last, rewrites))
        {
            Sql = isKnown ? sql : null,
            SearchPath = Path,
        };
        _last = now;
        return ddl;
    }

    /// <summary>Runs what was captured at the target.</summary>
    public BlockOutcome Apply(DdlEvent ddl)
    {
        DdlOptions options = new()
        {
            Changefeed = "test", Mode = Mode, Said = Said.Add, Waits = Wait, LockTimeout = LockTimeout,
        };
        return InTransaction(() => DdlExecutor.Execute(Target, ddl, options, TestContext.Current.CancellationToken));
    }

    /// <summary>Runs statements one by one at both ends.</summary>
    public void Both(params IEnumerable<string> statements)
    {
        foreach (string sql in statements) Follow(sql);
    }

    public void Follow(string sql, bool isKnown = true)
    {
        DdlEvent ddl = Capture(sql, isKnown);
        if (ddl.Changes.Length > 0) Apply(ddl);
    }

    /// <summary>Makes the source's tables in the target as a snapshot does, with their rows.</summary>
    public void Snapshot()
    {
        TableSchema[] tables = [.. _last.Tables.Values];
        Run([.. tables.SelectMany(TableStatements.Create)]);
        foreach (TableSchema table in tables) CopyRows(table);
        Run([.. tables.SelectMany(TableStatements.Keys)]);
        Run([.. TableStatements.Ties(tables)]);
    }

    /// <summary>Sets the target's rows to the source's, of every table.</summary>
    public void CopyRows()
    {
        foreach (TableSchema table in ReadSource().Tables.Values) CopyRows(table);
    }

    public void AssertEqual(string after = "")
    {
        string source = CatalogText.Of(ReadSource());
        string target = CatalogText.Of(CatalogState.Read(Target));
        Assert.True(source == target, $"After {after}\nSOURCE\n{source}\nTARGET\n{target}");
        foreach (TableSchema table in ReadSource().Tables.Values)
        {
            string rows = Rows(Source, table);
            string theirs = Rows(Target, table);
            Assert.True(rows == theirs, $"After {after}\n{table.Name}\nSOURCE\n{rows}\nTARGET\n{theirs}");
        }
    }

    /// <summary>Types are alike, whatever the tables are.</summary>
    public void AssertTypes() => Assert.Equal(
        ReadSource().Types.Values.Select(static type => (type.Name, type.Labels)),
        CatalogState.Read(Target).Types.Values.Select(static type => (type.Name, type.Labels)));

    public void Dispose()
    {
        Source.Dispose();
        Target.Dispose();
    }

    public CatalogState ReadSource()
    {
        Source.Query("SET search_path = pg_catalog");
        CatalogState state = CatalogState.Read(Source);
        Source.Query($"SET search_path = {Path}");
        return state;
    }

    void Run(IReadOnlyCollection<DdlStatement> statements) => InTransaction(() =>
    {
        DdlOptions options = new() { Changefeed = "test", Said = Said.Add };
        DdlExecutor.Run(Target, statements, options, TestContext.Current.CancellationToken);
        return true;
    });

    void Wait(string sentence)
    {
        Waited.Add(sentence);
        OnWait();
    }

    T InTransaction<T>(Func<T> work)
    {
        Target.Query("BEGIN");
        try
        {
            T result = work();
            Target.Query("COMMIT");
            return result;
        }
        catch
        {
            Target.Query("ROLLBACK");
            throw;
        }
    }

    void CopyRows(TableSchema table)
    {
        if (table.Definition!.Form == TableForm.Partitioned || table.Columns.IsEmpty) return;
        string name = PostgresNames.Quote(table.Name);
        string columns = string.Join(", ", table.Columns.Select(static column => PostgresNames.Quote(column.Name)));
        string texts = string.Join(" || ',' || ", table.Columns.Select(static column =>
            $"pg_catalog.quote_nullable({PostgresNames.Quote(column.Name)}::pg_catalog.text)"));
        Target.Query($"SET session_replication_role = replica; DELETE FROM ONLY {name}");
        foreach (IReadOnlyList<string?> row in Source.Query($"SELECT {texts} FROM ONLY {name}"))
            Target.Query($"INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({row[0]})");
        Target.Query("RESET session_replication_role");
    }

    // Partitions and children differ in the order of their columns; names do not.
    static string Rows(PgConnection connection, TableSchema table)
    {
        IEnumerable<string> names = table.Definition!.Columns.Select(static column => column.Name).Order(StringComparer.Ordinal);
        string cells = string.Join(" || '|' || ", names.Select(static name =>
            $"pg_catalog.quote_nullable({PostgresNames.Quote(name)}::pg_catalog.text)").DefaultIfEmpty("'-'"));
        return string.Join('\n', connection.Query(
            $"SELECT {cells} FROM ONLY {PostgresNames.Quote(table.Name)} ORDER BY 1").Select(static row => row[0]));
    }

    static string Tag(string sql) => string.Join(' ', sql.Split(' ').Take(2)).ToUpperInvariant();
}
