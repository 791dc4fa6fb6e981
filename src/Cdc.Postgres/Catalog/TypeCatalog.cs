using System.Collections.Concurrent;
using System.Collections.Immutable;
using Cdc.Engine.Schemas;
using Npgsql;
using NpgsqlTypes;

namespace Cdc.Postgres.Catalog;

/// <summary>What the server's types are. Built-in ones are known, others are read once.</summary>
/// <remarks>Any thread may ask. A type never changes its number; one that is altered (a field added to a composite) is
/// seen when <see cref="Forget"/> was called.</remarks>
internal sealed class TypeCatalog
{
    readonly ConcurrentDictionary<uint, ColumnType> _known = new();

    public bool Knows(uint oid) => BuiltInTypes.Find(oid) is not null || _known.ContainsKey(oid);

    /// <summary>The type with this number and modifier; <see cref="TypeKind.Other"/> under its number if it is
    /// gone.</summary>
    public ColumnType Get(uint oid, int modifier)
    {
        ColumnType? type = BuiltInTypes.Find(oid) ?? _known.GetValueOrDefault(oid);
        return type is null ? TypeRow.Gone(oid) with { Modifier = modifier } : TypeRow.Modified(type, modifier);
    }

    /// <summary>Reads those of the types that are not known yet, and all that they are made of, in one query.</summary>
    public async Task LoadAsync(
        NpgsqlConnection connection, IEnumerable<uint> oids, CancellationToken cancellationToken)
    {
        uint[] missing = [.. oids.Where(oid => !Knows(oid)).Distinct()];
        if (missing.Length == 0) return;
        await using NpgsqlCommand command = new(TypeQuery, connection);
        command.Parameters.Add(new() { Value = missing, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid });
        Dictionary<uint, TypeRow> rows = [];
        await using (NpgsqlDataReader reader =
            await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                TypeRow row = Read(reader);
                rows[row.Oid] = row;
            }
        }
        foreach (TypeRow row in rows.Values) _known[row.Oid] = TypeRow.Build(row.Oid, rows);
    }

    public void Forget() => _known.Clear();

    const string TypeQuery = """
        WITH RECURSIVE wanted(oid) AS (
            SELECT pg_catalog.unnest($1)
            UNION
            SELECT part.oid
            FROM wanted w
            JOIN pg_catalog.pg_type t ON t.oid = w.oid
            CROSS JOIN LATERAL (
                SELECT t.typelem WHERE t.typelem <> 0
                UNION ALL SELECT t.typbasetype WHERE t.typbasetype <> 0
                UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
                UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = t.oid
                UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
            ) AS part(oid)
        )
        SELECT t.oid, n.nspname::text, t.typname::text, t.typtype::text, t.typdelim::text, t.typbasetype,
            COALESCE(r.rngsubtype, m.rngtypid, CASE WHEN e.oid IS NOT NULL THEN t.typelem END, 0)::oid,
            e.oid IS NOT NULL AS is_array,
            x.extname::text,
            f.names, f.types, f.modifiers
        FROM wanted w
        JOIN pg_catalog.pg_type t ON t.oid = w.oid
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
        LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
        LEFT JOIN pg_catalog.pg_range m ON m.rngmultitypid = t.oid
        LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
            AND d.objid = t.oid AND d.deptype = 'e'
        LEFT JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
        LEFT JOIN LATERAL (
            SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) AS names,
                pg_catalog.array_agg(a.atttypid ORDER BY a.attnum) AS types,
                pg_catalog.array_agg(a.atttypmod ORDER BY a.attnum) AS modifiers
            FROM pg_catalog.pg_attribute a
            WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ) f ON true
        """;

    static TypeRow Read(NpgsqlDataReader reader)
    {
        string schema = reader.GetString(1);
        string name = reader.GetString(2);
        return new(
            reader.GetFieldValue<uint>(0),
            schema == "pg_catalog" ? name : $"{schema}.{name}",
            TypeRow.KindOf(reader.GetString(3)[0], reader.GetBoolean(7),
                reader.IsDBNull(8) ? "" : reader.GetString(8), name),
            reader.GetString(4)[0],
            reader.GetFieldValue<uint>(5),
            reader.GetFieldValue<uint>(6),
            FieldsOf(reader));
    }

    static ImmutableArray<(string, uint, int)> FieldsOf(NpgsqlDataReader reader)
    {
        if (reader.IsDBNull(9)) return [];
        string[] names = reader.GetFieldValue<string[]>(9);
        uint[] types = reader.GetFieldValue<uint[]>(10);
        int[] modifiers = reader.GetFieldValue<int[]>(11);
        return [.. names.Select((name, i) => (name, types[i], modifiers[i]))];
    }
}
