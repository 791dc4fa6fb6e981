using System.Collections.Immutable;
using Cdc.Postgres.Setup;
using Npgsql;

namespace Cdc.Postgres.Capture;

/// <summary>What DDL capture left in a database, for taking it away.</summary>
internal static class CaptureRemains
{
    /// <summary>The statements that take the capture of one changefeed away, or of all, and our schema with the last
    /// one, if nothing else is in it. Empty if nothing is there.</summary>
    public static async Task<ImmutableArray<string>> StatementsAsync(
        NpgsqlConnection connection, string? changefeed, CancellationToken cancellationToken)
    {
        ImmutableArray<string> all = await ChangefeedsAsync(connection, cancellationToken).ConfigureAwait(false);
        string[] gone = [.. all.Where(name => changefeed is null || name == changefeed)];
        if (gone.Length == 0) return [];
        ImmutableArray<string> things = await ThingsAsync(connection, cancellationToken).ConfigureAwait(false);
        bool hasTable = things.Contains("capture");
        bool isLast = gone.Length == all.Length;
        HashSet<string> ours = [.. gone.SelectMany(CaptureSql.FunctionNames), "capture"];
        return
        [
            .. gone.SelectMany(CaptureSql.Drop),
            .. await OthersAsync(connection, gone, cancellationToken).ConfigureAwait(false),
            .. hasTable && !isLast
                ? gone.Select(static name =>
                    $"DELETE FROM cdc.capture WHERE changefeed = {PostgresNames.Literal(name)};")
                : [],
            .. hasTable && isLast ? ["DROP TABLE cdc.capture;"] : Array.Empty<string>(),
            .. isLast && things.All(ours.Contains) ? ["DROP SCHEMA IF EXISTS cdc;"] : Array.Empty<string>(),
        ];
    }

    static Task<ImmutableArray<string>> ChangefeedsAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken) => NamesAsync(connection, """
        SELECT pg_catalog.substr(e.evtname::text, 5, pg_catalog.length(e.evtname::text) - 8)
        FROM pg_catalog.pg_event_trigger e WHERE e.evtname::text LIKE 'cdc!_%!_ddl' ESCAPE '!'
        UNION
        SELECT pg_catalog.left(p.proname::text, -8)
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'cdc' AND p.proname::text LIKE '%!_touched' ESCAPE '!'
        ORDER BY 1
        """, cancellationToken);

    /// <summary>Whatever is in our schema: tables and functions.</summary>
    static Task<ImmutableArray<string>> ThingsAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken) => NamesAsync(connection, """
        SELECT c.relname::text FROM pg_catalog.pg_class c
        WHERE c.relkind NOT IN ('i', 'I') AND c.relnamespace =
            (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'cdc')
        UNION ALL
        SELECT p.proname::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'cdc'
        """, cancellationToken);

    // An earlier version of us may have made a function with other arguments.
    static async Task<IEnumerable<string>> OthersAsync(
        NpgsqlConnection connection, string[] changefeeds, CancellationToken cancellationToken)
    {
        HashSet<string> names = [.. changefeeds.SelectMany(CaptureSql.FunctionNames)];
        HashSet<string> today = [.. changefeeds.SelectMany(CaptureFunctions.Signatures)];
        ImmutableArray<string> there = await NamesAsync(connection, """
            SELECT p.proname || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')'
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = 'cdc' ORDER BY 1
            """, cancellationToken).ConfigureAwait(false);
        return there
            .Select(static f => (Name: f[..f.IndexOf('(')], Arguments: f[f.IndexOf('(')..]))
            .Where(f => names.Contains(f.Name))
            .Select(static f =>
                $"{PostgresNames.Quote(CaptureNames.Schema)}.{PostgresNames.Quote(f.Name)}{f.Arguments}")
            .Where(signature => !today.Contains(signature))
            .Select(static signature => $"DROP FUNCTION IF EXISTS {signature};");
    }

    static async Task<ImmutableArray<string>> NamesAsync(
        NpgsqlConnection connection, string query, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(query, connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        ImmutableArray<string>.Builder found = ImmutableArray.CreateBuilder<string>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false)) found.Add(row.GetString(0));
        return found.DrainToImmutable();
    }
}
