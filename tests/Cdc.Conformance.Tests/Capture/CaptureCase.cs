using System.Text;
using Cdc.Conformance.Tests.Source;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres;
using Cdc.Postgres.Capture;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Cdc.Protocol;
using Npgsql;

namespace Cdc.Conformance.Tests.Capture;

/// <summary>A database whose DDL is captured, an application with a plain role, and what came into the log.</summary>
internal sealed class CaptureCase : IAsyncDisposable
{
    public const string Application = "app";

    readonly SourceFixture _fixture;
    readonly string _slot;

    CaptureCase(SourceFixture fixture, string database, string name, PostgresSource source) =>
        (_fixture, Database, Name, Source, _slot) = (fixture, database, name, source, $"look_{database}");

    public string Database { get; }
    public string Name { get; }
    public PostgresSource Source { get; }
    public SchemaHistory History { get; } = new([]);

    /// <summary>Where the stream begins.</summary>
    public CommitTs From { get; private set; }

    public static async Task<CaptureCase> StartAsync(
        SourceFixture fixture, string setUp, string? tables = null, TestLog? log = null,
        DdlCaptureMode mode = DdlCaptureMode.Trigger)
    {
        string database = await fixture.DatabaseAsync($"""
            DO $$ BEGIN CREATE ROLE {Application} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
            GRANT ALL ON SCHEMA public TO {Application};
            SET ROLE {Application};
            {setUp}
            """);
        await fixture.Cluster.ExecuteAsync($"GRANT CREATE, TEMPORARY ON DATABASE {database} TO {Application}", database);
        CaptureCase @case = new(fixture, database, database, fixture.Source(database, database, tables: tables, log: log, capture: mode));
        await using (ISourceSnapshot snapshot = await @case.Source.StartAsync(@case.History, TestContext.Current.CancellationToken))
            @case.From = snapshot.At;
        await fixture.Cluster.ExecuteAsync(
            $"SELECT pg_create_logical_replication_slot('{@case._slot}', 'pgoutput')", database);
        return @case;
    }

    /// <summary>Runs statements as the application does, each by itself. None may fail.</summary>
    public async Task RunAsync(params string[] statements)
    {
        await using NpgsqlConnection connection = await OpenAsync();
        foreach (string statement in statements) await ExecuteAsync(connection, statement);
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, string statement)
    {
        try
        {
            await using NpgsqlCommand command = new(statement, connection) { AllResultTypesAreUnknown = true };
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        catch (PostgresException failure)
        {
            Assert.Fail($"The application's statement failed: {statement}: {failure.MessageText} ({failure.Where})");
        }
    }

    public async Task<NpgsqlConnection> OpenAsync(string user = Application)
    {
        NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(
            _fixture.Cluster.ConnectionStringFor(Database)) { Username = user }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    public Task AdminAsync(string sql) => _fixture.Cluster.ExecuteAsync(sql, Database);

    public async Task<List<string>> QueryAsync(string sql) =>
        [.. (await _fixture.Cluster.QueryAsync(sql, Database)).Select(r => string.Join('|', r))];

    /// <summary>Waits until a query answers so, while something else goes on.</summary>
    public async Task UntilAsync(string query, string answer, Task beside)
    {
        while ((await QueryAsync(query))[0] != answer) Assert.False(beside.IsCompleted, $"{beside.Exception}");
    }

    /// <summary>Tables in the publication of updates, as schema.name.</summary>
    public Task<List<string>> KeyedAsync() => ListedAsync($"cdc_{Name}");

    /// <summary>Tables and schemas in a publication, or in those whose names are like this.</summary>
    public Task<List<string>> ListedAsync(string publication) => QueryAsync($"""
        SELECT prrelid::regclass::text FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
        WHERE p.pubname LIKE '{publication}'
        UNION ALL SELECT pnnspid::regnamespace::text FROM pg_publication_namespace r JOIN pg_publication p ON p.oid = r.pnpubid
        WHERE p.pubname LIKE '{publication}' AND p.pubname LIKE '%#%' ORDER BY 1
        """);

    /// <summary>What came since the last look: B, C, R, I, U, D, T and messages of ours.</summary>
    public async Task<List<(char Kind, DdlMessage? Message)>> LookAsync()
    {
        string seal = (await QueryAsync($"SELECT seal FROM cdc.capture WHERE changefeed = '{Name}'"))[0];
        string prefix = $"{CaptureNames.MessagePrefix}{Name}.{seal}";
        string all = string.Join(',', await QueryAsync(
            "SELECT quote_ident(pubname) FROM pg_publication WHERE pubname ~ '^cdc_" + Name + "(_insert)?(#.)?$'"));
        List<(char, DdlMessage?)> seen = [];
        foreach (string hex in await QueryAsync($"""
            SELECT encode(data, 'hex') FROM pg_logical_slot_get_binary_changes('{_slot}', NULL, NULL,
                'proto_version', '1', 'publication_names', '{all}', 'messages', 'true')
            """))
        {
            byte[] bytes = Convert.FromHexString(hex);
            if (bytes[0] != 'M')
            {
                seen.Add(((char)bytes[0], null));
                continue;
            }
            int end = Array.IndexOf(bytes, (byte)0, 10);
            if (Encoding.UTF8.GetString(bytes[10..end]) == prefix)
                seen.Add(('M', DdlMessage.Parse(bytes.AsMemory(end + 5))));
        }
        return seen;
    }

    public async Task<List<DdlMessage>> MessagesAsync() =>
        [.. (await LookAsync()).Where(s => s.Message is not null).Select(s => s.Message!)];

    public async ValueTask DisposeAsync()
    {
        await _fixture.Cluster.ExecuteAsync($"SELECT pg_drop_replication_slot('{_slot}')", Database);
        await using PostgresCleanup cleanup = new(
            PostgresAddress.Parse(_fixture.Cluster.UrlFor(Database)), TimeProvider.System);
        await cleanup.RunAsync(Name, force: true, CancellationToken.None);
        await Source.DisposeAsync();
    }
}
