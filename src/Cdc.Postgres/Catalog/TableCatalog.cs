using System.Collections.Immutable;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Npgsql;
using NpgsqlTypes;

namespace Cdc.Postgres.Catalog;

/// <summary>Reads which tables there are and what they look like.</summary>
/// <remarks>
/// Only tables whose rows are in the log and of which each row is in one: ordinary tables and leaf partitions. Not
/// views, foreign tables, partitioned roots (their leaves hold the rows), unlogged or temporary tables, the server's
/// own and ours. Everything is read with the transaction's snapshot, and without waiting for any table's lock.
/// </remarks>
internal static class TableCatalog
{
    /// <summary>The tables that the selection matches, by name.</summary>
    public static async Task<ImmutableArray<CatalogTable>> MatchAsync(
        NpgsqlConnection connection, TableSelection selection, CancellationToken cancellationToken)
    {
        Dictionary<uint, TableName> names =
            await NamesAsync(connection, selection, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(connection, names.Keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Numbers and names only, of the tables that the selection matches.</summary>
    /// <param name="withPartitioned">Also those that hold no rows themselves.</param>
    public static async Task<Dictionary<uint, TableName>> NamesAsync(
        NpgsqlConnection connection, TableSelection selection, CancellationToken cancellationToken,
        bool withPartitioned = false)
    {
        Dictionary<uint, TableName> matched = [];
        await using NpgsqlCommand command = new(NamesQuery, connection);
        command.Parameters.Add(new() { Value = withPartitioned });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            TableName name = new(reader.GetString(1), reader.GetString(2));
            if (selection.Matches(name)) matched[reader.GetFieldValue<uint>(0)] = name;
        }
        return matched;
    }

    /// <summary>The schemas that may hold tables of ours.</summary>
    public static async Task<IReadOnlyList<string>> SchemasAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("""
            SELECT n.nspname::text FROM pg_catalog.pg_namespace n
            WHERE n.nspname NOT IN ('information_schema', 'cdc') AND n.nspname NOT LIKE 'pg\_%'
            """, connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        List<string> schemas = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) schemas.Add(reader.GetString(0));
        return schemas;
    }

    /// <summary>These tables, by name; those that are gone are left out.</summary>
    public static async Task<ImmutableArray<CatalogTable>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyCollection<uint> oids, CancellationToken cancellationToken)
    {
        if (oids.Count == 0) return [];
        await using NpgsqlCommand command = new(TableQuery, connection);
        command.Parameters.Add(new() { Value = oids.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        ImmutableArray<CatalogTable>.Builder tables = ImmutableArray.CreateBuilder<CatalogTable>(oids.Count);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) tables.Add(Read(reader));
        tables.Sort(static (a, b) => string.CompareOrdinal(a.Name.ToString(), b.Name.ToString()));
        return tables.DrainToImmutable();
    }

    static CatalogTable Read(NpgsqlDataReader row)
    {
        ReplicaIdentity identity = row.GetString(3)[0] switch
        {
            'n' => ReplicaIdentity.Nothing,
            'f' => ReplicaIdentity.Full,
            'i' => ReplicaIdentity.Index,
            _ => ReplicaIdentity.Default,
        };
        IndexKey? primary = IndexKey.Read(row, 7);
        IndexKey? chosen = IndexKey.Read(row, 9);
        IndexKey? key = identity == ReplicaIdentity.Index ? chosen : primary;
        return new()
        {
            Oid = row.GetFieldValue<uint>(0),
            Name = new(row.GetString(1), row.GetString(2)),
            Identity = identity,
            IsPartitioned = row.GetString(19) == "p",
            IsLogged = row.GetString(20) == "p",
            Rows = (long)row.GetDouble(4),
            Bytes = row.GetInt64(5),
            IsHeap = row.GetBoolean(6),
            Key = key?.Columns ?? [],
            Bar = UpdateBars.Of(identity, key is not null, key?.IsImmediate ?? false),
            Columns = ColumnsOf(row),
            Privileges = new(
                row.GetBoolean(14), row.GetBoolean(15), row.GetBoolean(16), row.GetBoolean(17), row.GetString(18)),
        };
    }

    static ImmutableArray<CatalogColumn> ColumnsOf(NpgsqlDataReader row)
    {
        if (row.IsDBNull(11)) return [];
        string[] names = row.GetFieldValue<string[]>(11);
        uint[] types = row.GetFieldValue<uint[]>(12);
        int[] modifiers = row.GetFieldValue<int[]>(13);
        return [.. names.Select((name, i) => new CatalogColumn(name, types[i], modifiers[i]))];
    }

    /// <summary>The key columns of a primary key or identity index.</summary>
    sealed record IndexKey(ImmutableArray<string> Columns, bool IsImmediate)
    {
        public static IndexKey? Read(NpgsqlDataReader row, int ordinal) =>
            row.IsDBNull(ordinal) ? null : new([.. row.GetFieldValue<string[]>(ordinal)], row.GetBoolean(ordinal + 1));
    }

    const string NamesQuery = """
        SELECT c.oid, n.nspname::text, c.relname::text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE (c.relkind = 'r' OR $1 AND c.relkind = 'p') AND c.relpersistence = 'p' AND c.oid >= 16384
            AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'cdc') AND n.nspname NOT LIKE 'pg\_%'
        """;

    // Of what was dropped since the snapshot was taken the server knows no privileges.
    static readonly string TableQuery = $"""
        SELECT c.oid, n.nspname::text, c.relname::text, c.relreplident::text,
            c.reltuples::float8,
            c.relpages::int8 * pg_catalog.current_setting('block_size')::int8,
            COALESCE(c.relam, 0) = (SELECT a.oid FROM pg_catalog.pg_am a WHERE a.amname = 'heap'),
            p.columns, p.immediate, i.columns, i.immediate,
            k.names, k.types, k.modifiers,
            COALESCE(pg_catalog.has_table_privilege(c.oid, 'SELECT'), true),
            COALESCE(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), true),
            pg_catalog.pg_has_role(c.relowner, 'USAGE'),
            pg_catalog.row_security_active(c.oid),
            pg_catalog.pg_get_userbyid(c.relowner)::text,
            c.relkind::text, c.relpersistence::text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN LATERAL (
            SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS names,
                pg_catalog.array_agg(a.atttypid ORDER BY a.attnum) AS types,
                pg_catalog.array_agg(a.atttypmod ORDER BY a.attnum) AS modifiers
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ) k ON true
        LEFT JOIN LATERAL ({KeyOfIndex("indisprimary")}) p ON true
        LEFT JOIN LATERAL ({KeyOfIndex("indisreplident")}) i ON true
        WHERE c.oid = ANY ($1)
        """;

    // Columns of an index come in the index's order; those it only includes are not part of the key.
    static string KeyOfIndex(string which) => $"""
        SELECT x.indimmediate AS immediate,
            (SELECT pg_catalog.array_agg(a.attname::text ORDER BY o.place)
             FROM pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY AS o(attnum, place)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.attnum
             WHERE o.place <= x.indnkeyatts) AS columns
        FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.{which}
        """;
}
