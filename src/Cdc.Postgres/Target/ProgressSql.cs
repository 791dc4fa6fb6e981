using System.Globalization;
using System.Text;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>The tables in which a target keeps what it has, and the statements on them.</summary>
internal static class ProgressSql
{
    /// <summary>The format this build writes; a newer one is refused.</summary>
    public const int Format = 1;

    public const string Schema = "cdc";

    /// <summary>The name that something has which is there already comes with 42P07 or 42710, in a race
    /// 23505.</summary>
    public static readonly IReadOnlyList<string> Create =
    [
        $"CREATE SCHEMA IF NOT EXISTS {Schema}",
        $"""
        CREATE TABLE IF NOT EXISTS {Schema}.progress (
            changefeed text, mode text, table_id bigint, hash_from bigint, hash_to bigint,
            format int NOT NULL, epoch numeric(20) NOT NULL, number numeric(20) NOT NULL,
            commit pg_lsn NOT NULL, step int NOT NULL,
            source_kind text NOT NULL, source_system text NOT NULL, source_database text NOT NULL,
            source_timeline bigint NOT NULL, updated_at timestamptz NOT NULL,
            PRIMARY KEY (changefeed, mode, table_id, hash_from, hash_to))
        """,
        $"""
        CREATE TABLE IF NOT EXISTS {Schema}.tables (
            changefeed text, table_id bigint, format int NOT NULL, name text NOT NULL, made boolean NOT NULL,
            commit pg_lsn, step int,
            PRIMARY KEY (changefeed, table_id))
        """,
        $"""
        CREATE TABLE IF NOT EXISTS {Schema}.schemas (
            changefeed text, table_id bigint, since_commit pg_lsn, since_step int, version text NOT NULL,
            PRIMARY KEY (changefeed, table_id, since_commit, since_step))
        """,
        $"""
        CREATE TABLE IF NOT EXISTS {Schema}.ddl (
            changefeed text, commit pg_lsn, step int, tag text NOT NULL, done_at timestamptz NOT NULL,
            PRIMARY KEY (changefeed, commit, step))
        """,
    ];

    public const string Exists = "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c "
        + "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        + "WHERE n.nspname = 'cdc' AND c.relname IN ('progress', 'tables', 'schemas', 'ddl') AND c.relkind = 'r'";

    public const int TableCount = 4;

    public static string Lsn(ulong commit) =>
        string.Create(CultureInfo.InvariantCulture, $"'{(uint)(commit >> 32):X}/{(uint)commit:X}'");

    /// <summary>Moves the progress, or fails with a division by zero if the row is another owner's by now: in one
    /// statement, so that the commit can be sent behind it without waiting.</summary>
    public static string Advance(string changefeed, TableSpan span, Owner owner, CommitTs at) => Text($"""
        WITH mine AS (UPDATE {Schema}.progress SET commit = {Lsn(at.Commit)}, step = {at.Step}, updated_at = now()
        WHERE {Row(changefeed, span)} AND epoch = {owner.Epoch} AND number = {owner.Number} RETURNING 1)
        SELECT 1 / pg_catalog.count(*) FROM mine
        """);

    /// <summary>What a fenced writer's <see cref="Advance"/> fails with.</summary>
    public const string FencedState = "22012";

    public static string Row(string changefeed, TableSpan span) => Text($"""
        changefeed = {PostgresNames.Literal(changefeed)} AND mode = 'stream' AND table_id = {span.Table.Value}
        AND hash_from = {span.From} AND hash_to = {span.To}
        """);

    public static string KeepVersion(string changefeed, TableSchema version)
    {
        System.Buffers.ArrayBufferWriter<byte> line = new();
        SchemaJson.Write(version, line);
        string text = Encoding.UTF8.GetString(line.WrittenSpan);
        return Text($"""
            INSERT INTO {Schema}.schemas VALUES ({PostgresNames.Literal(changefeed)}, {version.Id.Value},
            {Lsn(version.Since.Commit)}, {version.Since.Step}, {PostgresNames.Literal(text)}) ON CONFLICT DO NOTHING
            """);
    }

    /// <summary>Fails as <see cref="Advance"/> does, and keeps another owner from claiming until the transaction
    /// ends.</summary>
    public static string Hold(SinkClaimed claimed) => Text($"""
        SELECT 1 / pg_catalog.count(*) FROM (SELECT FROM {Schema}.progress WHERE {Row(claimed.Changefeed, claimed.Span)}
        AND epoch = {claimed.Owner.Epoch} AND number = {claimed.Owner.Number} FOR SHARE) mine
        """);

    /// <summary>The copy of a table begins.</summary>
    /// <param name="isMade">We have made the table, and may drop it if the copy has to begin again.</param>
    public static string BeginCopy(string changefeed, TableSchema table, bool isMade) => Text($"""
        INSERT INTO {Schema}.tables VALUES ({PostgresNames.Literal(changefeed)}, {table.Id.Value}, {Format},
        {PostgresNames.Literal(table.Name.ToString())}, {(isMade ? "true" : "false")}, NULL, NULL)
        ON CONFLICT (changefeed, table_id) DO UPDATE SET name = EXCLUDED.name, made = EXCLUDED.made,
        commit = NULL, step = NULL
        """);

    /// <summary>The copy of a table is complete.</summary>
    public static string EndCopy(string changefeed, TableSchema table, CommitTs at) => Text($"""
        UPDATE {Schema}.tables SET commit = {Lsn(at.Commit)}, step = {at.Step}
        WHERE changefeed = {PostgresNames.Literal(changefeed)} AND table_id = {table.Id.Value}
        """);

    /// <summary>Whether a copy of a table was begun before: null, or whether we had made the table.</summary>
    public static string CopyBegun(string changefeed, TableSchema table) => Text($"""
        SELECT made FROM {Schema}.tables WHERE changefeed = {PostgresNames.Literal(changefeed)}
        AND table_id = {table.Id.Value} AND name = {PostgresNames.Literal(table.Name.ToString())}
        """);

    /// <summary>Affects no row if the event is recorded already; a rival that records it now is waited for.</summary>
    public static string RecordBlock(string changefeed, CommitTs at, string tag) => Text($"""
        INSERT INTO {Schema}.ddl VALUES ({PostgresNames.Literal(changefeed)}, {Lsn(at.Commit)}, {at.Step},
        {PostgresNames.Literal(tag)}, pg_catalog.now()) ON CONFLICT DO NOTHING
        """);

    static string Text(FormattableString text) => FormattableString.Invariant(text);
}
