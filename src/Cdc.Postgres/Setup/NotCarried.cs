using System.Collections.Immutable;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Objects of one kind in the user's schemas that no changefeed carries to a target.</summary>
/// <param name="Kind">In the plural: <c>views</c>.</param>
/// <param name="Names">Some of them, qualified where their kind is, in order of name.</param>
public sealed record NotCarried(string Kind, long Count, ImmutableArray<string> Names)
{
    const int Named = 3;

    // What belongs to an extension comes with it, and what is ours or the server's is nobody's loss.
    const string Query = """
        WITH places AS (
            SELECT n.oid, pg_catalog.quote_ident(n.nspname) AS name FROM pg_catalog.pg_namespace n
            WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'cdc')),
        tables AS (
            SELECT c.oid, c.relkind, c.relrowsecurity, p.name || '.' || pg_catalog.quote_ident(c.relname) AS name
            FROM pg_catalog.pg_class c JOIN places p ON p.oid = c.relnamespace),
        things (rank, kind, class, oid, name) AS (
            SELECT 1, 'views', 'pg_class'::regclass, t.oid, t.name FROM tables t WHERE t.relkind IN ('v', 'm')
            UNION ALL
            SELECT 2, 'functions and procedures', 'pg_proc'::regclass, f.oid,
                p.name || '.' || pg_catalog.quote_ident(f.proname)
            FROM pg_catalog.pg_proc f JOIN places p ON p.oid = f.pronamespace
            UNION ALL
            SELECT 3, 'triggers', 'pg_trigger'::regclass, g.oid, pg_catalog.quote_ident(g.tgname) || ' on ' || t.name
            FROM pg_catalog.pg_trigger g JOIN tables t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal
            UNION ALL
            SELECT 4, 'rules', 'pg_rewrite'::regclass, r.oid, pg_catalog.quote_ident(r.rulename) || ' on ' || t.name
            FROM pg_catalog.pg_rewrite r JOIN tables t ON t.oid = r.ev_class WHERE r.rulename <> '_RETURN'
            UNION ALL
            SELECT 5, 'tables with row-level security', 'pg_class'::regclass, t.oid, t.name
            FROM tables t WHERE t.relrowsecurity
            UNION ALL
            SELECT 6, 'foreign tables', 'pg_class'::regclass, t.oid, t.name FROM tables t WHERE t.relkind = 'f'
            UNION ALL
            SELECT 7, 'sequences that no column owns', 'pg_class'::regclass, t.oid, t.name
            FROM tables t WHERE t.relkind = 'S' AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = t.oid
                    AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i'))
            UNION ALL
            SELECT 8, 'extensions', 'pg_extension'::regclass, e.oid, pg_catalog.quote_ident(e.extname)
            FROM pg_catalog.pg_extension e WHERE e.extname <> 'plpgsql')
        SELECT kind, pg_catalog.count(*), (pg_catalog.array_agg(name ORDER BY name))[:$1]
        FROM things s WHERE NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = s.class AND d.objid = s.oid AND d.objsubid = 0 AND d.deptype = 'e')
        GROUP BY rank, kind ORDER BY rank
        """;

    internal static async Task<ImmutableArray<NotCarried>> ReadAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Query, connection);
        command.Parameters.Add(new() { Value = Named });
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        ImmutableArray<NotCarried>.Builder found = ImmutableArray.CreateBuilder<NotCarried>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            found.Add(new(row.GetString(0), row.GetInt64(1), [.. row.GetFieldValue<string[]>(2)]));
        return found.DrainToImmutable();
    }
}
