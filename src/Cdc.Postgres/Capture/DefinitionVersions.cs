using Npgsql;
using NpgsqlTypes;

namespace Cdc.Postgres.Capture;

/// <summary>What descriptions of tables are made from, as one text for each table, and one for all that tables share:
/// types, functions, schemas, sequences.</summary>
/// <remarks>The server's functions that print a definition look at the catalogs as they are now, whatever the snapshot
/// of their query. Where these texts are the same in the snapshot and after the look, what was read in between is of
/// the snapshot.</remarks>
internal static class DefinitionVersions
{
    /// <summary>The number under which stands what all tables share.</summary>
    public const uint Shared = 0;

    public static async Task<Dictionary<uint, string>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyCollection<uint> oids, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(Query, connection);
        command.Parameters.Add(new() { Value = oids.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid });
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        Dictionary<uint, string> versions = [];
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            versions[row.GetFieldValue<uint>(0)] = row.GetString(1);
        return versions;
    }

    // A row that was changed has another xmin. Rows of pg_class change with statistics too, so there it is what counts.
    // Temporary tables come and go, and are never ours.
    const string Query = """
        WITH schemas AS (
            SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
            WHERE n.nspname::text !~ '^pg_(toast_)?temp_' AND n.nspname NOT IN ('pg_catalog', 'information_schema'))
        SELECT c.oid, pg_catalog.md5(pg_catalog.concat_ws('|', c.relname, c.relnamespace, c.relkind, c.relpersistence,
            c.relreplident, c.relispartition, c.relpartbound::text,
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', a.attnum, a.xmin), ',' ORDER BY a.attnum)
                FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', d.oid, d.xmin), ',' ORDER BY d.oid)
                FROM pg_catalog.pg_attrdef d WHERE d.adrelid = c.oid),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', k.oid, k.xmin, f.relname, f.relnamespace,
                    (SELECT pg_catalog.string_agg(b.attname, '.' ORDER BY b.attnum) FROM pg_catalog.pg_attribute b
                        WHERE b.attrelid = k.confrelid AND b.attnum = ANY (k.confkey))), ',' ORDER BY k.oid)
                FROM pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
                WHERE k.conrelid = c.oid),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', x.indexrelid, x.xmin, i.relname), ','
                    ORDER BY x.indexrelid)
                FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
                WHERE x.indrelid = c.oid),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', h.inhseqno, r.oid, r.relname, r.relnamespace), ','
                    ORDER BY h.inhseqno)
                FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class r ON r.oid = h.inhparent
                WHERE h.inhrelid = c.oid)))
        FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1)
        UNION ALL
        SELECT 0::pg_catalog.oid, pg_catalog.md5(pg_catalog.concat_ws('|',
            (SELECT pg_catalog.string_agg(n.oid || ':' || n.nspname, ',' ORDER BY n.oid) FROM schemas n),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', t.oid, t.xmin), ',' ORDER BY t.oid)
                FROM pg_catalog.pg_type t JOIN schemas n ON n.oid = t.typnamespace
                WHERE t.typtype <> 'c' AND t.typelem = 0 OR EXISTS (
                    SELECT FROM pg_catalog.pg_class r WHERE r.oid = t.typrelid AND r.relkind = 'c')),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', a.attrelid, a.attnum, a.xmin), ','
                    ORDER BY a.attrelid, a.attnum)
                FROM pg_catalog.pg_class r JOIN schemas n ON n.oid = r.relnamespace
                JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid WHERE r.relkind = 'c'),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', l.oid, l.xmin), ',' ORDER BY l.oid)
                FROM pg_catalog.pg_enum l),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', k.oid, k.xmin), ',' ORDER BY k.oid)
                FROM pg_catalog.pg_constraint k JOIN schemas n ON n.oid = k.connamespace WHERE k.contypid <> 0),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', q.oid, q.relname, q.relnamespace, s.xmin), ','
                    ORDER BY q.oid)
                FROM pg_catalog.pg_class q JOIN schemas n ON n.oid = q.relnamespace
                JOIN pg_catalog.pg_sequence s ON s.seqrelid = q.oid),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', l.oid, l.collname, l.collnamespace), ','
                    ORDER BY l.oid)
                FROM pg_catalog.pg_collation l JOIN schemas n ON n.oid = l.collnamespace),
            (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', p.oid, p.proname, p.pronamespace), ','
                    ORDER BY p.oid)
                FROM pg_catalog.pg_proc p JOIN schemas n ON n.oid = p.pronamespace)))
        """;
}
