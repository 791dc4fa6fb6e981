using Cdc.Postgres.Catalog;

namespace Cdc.Postgres.Capture;

/// <summary>The one SQL text that describes tables, run by the event triggers and by whoever opens a snapshot, so that
/// both say the same to the byte.</summary>
/// <remarks>
/// $1: numbers of tables (oid[]). Answers a row (oid, json) for each that is there, in no order; reads catalogs only,
/// and locks nothing. It needs the settings of a session of ours, search_path above all: names outside pg_catalog are
/// qualified in every text because it is <c>pg_catalog</c>. There is no backslash in it, so it is the same text
/// whatever standard_conforming_strings says.
/// </remarks>
internal static class DefinitionQuery
{
    /// <summary>Types that need no description, as an array constant.</summary>
    static string Known { get; } = $"'{{{string.Join(',', BuiltInTypes.Numbers.Order())}}}'::oid[]";

    public static string Text { get; } = $"""
        SELECT c.oid, json_strip_nulls(json_build_object(
            'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname,
            'kind', c.relkind, 'persistence', c.relpersistence, 'identity', c.relreplident,
            'columns', COALESCE(({Columns}), '[]'::json),
            'primaryKey', ({Key("x.indisprimary")}),
            'identityKey', ({Key("x.indisreplident")}),
            'constraints', ({Constraints}),
            'indexes', ({Indexes}),
            'sequences', ({Sequences}),
            'types', ({TypesOf("SELECT a.atttypid FROM pg_attribute a "
                + "WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped")}),
            'partitionKey', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
            'partitionOf', CASE WHEN c.relispartition THEN ({Parents})->0 END,
            'partitionBound', CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
            'inherits', CASE WHEN NOT c.relispartition THEN ({Parents}) END)) AS definition
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = ANY ($1) AND c.relkind IN ('r', 'p')
        """;

    /// <summary>$1: numbers of types (oid[]). One JSON array: those types and all that they are made of.</summary>
    public static string Types { get; } = TypesOf("SELECT unnest($1)");

    // A value that rows have which are older than their column is an array of one; its text is that of the element.
    const string Columns = """
        SELECT json_agg(json_build_object(
            'number', a.attnum, 'name', a.attname, 'typeOid', a.atttypid::int8, 'modifier', a.atttypmod,
            'type', format_type(a.atttypid, a.atttypmod),
            'collation', CASE WHEN a.attcollation <> t.typcollation THEN (
                SELECT quote_ident(s.nspname) || '.' || quote_ident(l.collname)
                FROM pg_collation l JOIN pg_namespace s ON s.oid = l.collnamespace WHERE l.oid = a.attcollation) END,
            'notNull', CASE WHEN a.attnotnull THEN true END,
            'default', pg_get_expr(d.adbin, d.adrelid),
            'generated', CASE WHEN a.attgenerated <> '' THEN true END,
            'identityKind', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END,
            'missing', CASE WHEN a.atthasmissing THEN array_to_string(a.attmissingval, '') END) ORDER BY a.attnum)
        FROM pg_attribute a
        JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        """;

    // Columns that an index only includes are not part of the key.
    static string Key(string which) => $"""
        SELECT json_build_object('immediate', x.indimmediate, 'columns', (
            SELECT json_agg(a.attname ORDER BY o.place)
            FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS o(attnum, place)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.attnum
            WHERE o.place <= x.indnkeyatts))
        FROM pg_index x WHERE x.indrelid = c.oid AND {which} LIMIT 1
        """;

    // A foreign key to a partitioned table has one more to each of its partitions, on the same table and under a name
    // that the server chose: they come and go with it and with the partitions, and nobody can make one.
    // What a snapshot still shows and has been dropped since has no text.
    const string Constraints = """
        SELECT json_agg(json_build_object(
            'name', k.conname, 'kind', k.contype, 'text', pg_get_constraintdef(k.oid),
            'references', (
                SELECT json_build_object('schema', s.nspname, 'name', r.relname)
                FROM pg_class r JOIN pg_namespace s ON s.oid = r.relnamespace
                WHERE k.contype = 'f' AND r.oid = k.confrelid),
            'inherited', CASE WHEN k.conparentid <> 0 OR NOT k.conislocal THEN true END)
            ORDER BY k.conname COLLATE "C", k.oid)
        FROM pg_constraint k
        WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'c', 'f', 'x')
            AND pg_get_constraintdef(k.oid) IS NOT NULL AND (k.conindid = 0 OR pg_get_indexdef(k.conindid) IS NOT NULL)
            AND NOT EXISTS (SELECT FROM pg_constraint w WHERE w.oid = k.conparentid AND w.conrelid = k.conrelid)
        """;

    const string Indexes = """
        SELECT json_agg(json_build_object(
            'name', i.relname, 'text', pg_get_indexdef(i.oid), 'unique', CASE WHEN x.indisunique THEN true END,
            'inherited', CASE WHEN i.relispartition THEN true END) ORDER BY i.relname COLLATE "C")
        FROM pg_index x
        JOIN pg_class i ON i.oid = x.indexrelid
        WHERE x.indrelid = c.oid AND x.indisvalid AND pg_get_indexdef(i.oid) IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
        """;

    // Numbers as text: a reader of JSON may keep only 53 bits.
    const string Sequences = """
        SELECT json_agg(json_build_object(
            'schema', s.nspname, 'name', q.relname, 'column', a.attname,
            'identity', CASE WHEN d.deptype = 'i' THEN true END, 'type', format_type(v.seqtypid, NULL),
            'start', v.seqstart::text, 'increment', v.seqincrement::text, 'min', v.seqmin::text,
            'max', v.seqmax::text, 'cache', v.seqcache::text, 'cycles', CASE WHEN v.seqcycle THEN true END)
            ORDER BY s.nspname COLLATE "C", q.relname COLLATE "C")
        FROM pg_depend d
        JOIN pg_class q ON q.oid = d.objid AND q.relkind = 'S'
        JOIN pg_namespace s ON s.oid = q.relnamespace
        JOIN pg_sequence v ON v.seqrelid = q.oid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
            AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
        """;

    const string Parents = """
        SELECT json_agg(json_build_object('schema', s.nspname, 'name', r.relname) ORDER BY h.inhseqno)
        FROM pg_inherits h
        JOIN pg_class r ON r.oid = h.inhparent
        JOIN pg_namespace s ON s.oid = r.relnamespace
        WHERE h.inhrelid = c.oid
        """;

    /// <summary>A query of one JSON array: the types of <paramref name="roots"/> and all that they are made of, without
    /// those known everywhere.</summary>
    static string TypesOf(string roots) => $"""
        WITH RECURSIVE wanted(oid) AS (
            SELECT q.oid FROM ({roots}) AS q(oid) WHERE NOT q.oid = ANY ({Known})
            UNION
            SELECT part.oid
            FROM wanted w
            JOIN pg_type t ON t.oid = w.oid
            CROSS JOIN LATERAL (
                SELECT t.typelem WHERE t.typelem <> 0
                UNION ALL SELECT t.typbasetype WHERE t.typbasetype <> 0
                UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid
                UNION ALL SELECT r.rngtypid FROM pg_range r WHERE r.rngmultitypid = t.oid
                UNION ALL SELECT a.atttypid FROM pg_attribute a
                    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
            ) AS part(oid)
            WHERE NOT part.oid = ANY ({Known})
        )
        SELECT json_agg(json_build_object(
            'oid', t.oid::int8, 'schema', n.nspname, 'name', t.typname, 'kind', t.typtype, 'delimiter', t.typdelim,
            'array', CASE WHEN e.oid IS NOT NULL THEN true END,
            'base', t.typbasetype::int8,
            'element', COALESCE(r.rngsubtype, m.rngtypid, CASE WHEN e.oid IS NOT NULL THEN t.typelem END, 0)::int8,
            'extension', (
                SELECT x.extname FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
                WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
                    AND d.refclassid = 'pg_extension'::regclass),
            'ofTable', CASE WHEN t.typtype = 'c' AND EXISTS (
                SELECT FROM pg_class o WHERE o.oid = t.typrelid AND o.relkind <> 'c') THEN true END,
            'labels', (
                SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid),
            'fields', CASE WHEN t.typtype = 'c' THEN ({Fields}) END,
            'basis', CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod)
                WHEN 'r' THEN format_type(r.rngsubtype, NULL) END,
            'notNull', CASE WHEN t.typnotnull THEN true END,
            'default', CASE WHEN t.typtype = 'd' THEN COALESCE(pg_get_expr(t.typdefaultbin, 0), t.typdefault) END,
            'collation', (
                SELECT quote_ident(s.nspname) || '.' || quote_ident(l.collname)
                FROM pg_type b, pg_collation l JOIN pg_namespace s ON s.oid = l.collnamespace
                WHERE (t.typtype = 'd' AND b.oid = t.typbasetype AND l.oid = t.typcollation
                    OR t.typtype = 'r' AND b.oid = r.rngsubtype AND l.oid = r.rngcollation)
                    AND b.typcollation <> l.oid),
            'checks', CASE WHEN t.typtype = 'd' THEN (
                SELECT json_agg(json_build_object(
                    'name', k.conname, 'kind', k.contype, 'text', pg_get_constraintdef(k.oid))
                    ORDER BY k.conname COLLATE "C")
                FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c') END,
            'rangeOptions', CASE WHEN r.rngtypid IS NOT NULL THEN ({RangeOptions}) END) ORDER BY t.oid)
        FROM wanted w
        JOIN pg_type t ON t.oid = w.oid
        JOIN pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
        LEFT JOIN pg_range r ON r.rngtypid = t.oid
        LEFT JOIN pg_range m ON m.rngmultitypid = t.oid
        """;

    const string Fields = """
        SELECT json_agg(json_build_object(
            'number', a.attnum, 'name', a.attname, 'typeOid', a.atttypid::int8, 'modifier', a.atttypmod,
            'type', format_type(a.atttypid, a.atttypmod),
            'collation', (
                SELECT quote_ident(s.nspname) || '.' || quote_ident(l.collname)
                FROM pg_type b, pg_collation l JOIN pg_namespace s ON s.oid = l.collnamespace
                WHERE b.oid = a.atttypid AND l.oid = a.attcollation AND b.typcollation <> l.oid)) ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        """;

    const string RangeOptions = """
        SELECT concat_ws(', ',
            (SELECT 'subtype_opclass = ' || quote_ident(s.nspname) || '.' || quote_ident(o.opcname)
                FROM pg_opclass o JOIN pg_namespace s ON s.oid = o.opcnamespace WHERE o.oid = r.rngsubopc),
            (SELECT 'canonical = ' || quote_ident(s.nspname) || '.' || quote_ident(p.proname)
                FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace WHERE p.oid = r.rngcanonical),
            (SELECT 'subtype_diff = ' || quote_ident(s.nspname) || '.' || quote_ident(p.proname)
                FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace WHERE p.oid = r.rngsubdiff),
            (SELECT 'multirange_type_name = ' || quote_ident(s.nspname) || '.' || quote_ident(u.typname)
                FROM pg_type u JOIN pg_namespace s ON s.oid = u.typnamespace WHERE u.oid = r.rngmultitypid))
        """;
}
