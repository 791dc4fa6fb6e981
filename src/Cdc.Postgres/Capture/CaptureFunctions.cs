using Cdc.Engine.Options;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Capture;

/// <summary>The functions of one changefeed's DDL capture, as SQL. What they may and may not do is said at
/// <see cref="CaptureSql"/>.</summary>
internal sealed class CaptureFunctions(string changefeed, TableSelection selection, int serverMajor)
{
    const int SchemaListsSince = 15;

    readonly CaptureNames _names = new(changefeed);
    readonly PostgresNames _publications = new(changefeed);

    // What the texts of pg_get_expr and of types' output functions depend on, and how a body is read.
    static readonly string[] Pinned =
    [
        "DateStyle", "IntervalStyle", "TimeZone", "bytea_output", "extra_float_digits", "lc_monetary", "xmlbinary",
        "quote_all_identifiers", "standard_conforming_strings", "row_security", "client_min_messages",
        "jit",
    ];

    static string Settings { get; } = string.Concat(
        Pinned.Select(static name => $" SET {name} = {Value(name)}").Prepend(" SET search_path = pg_catalog, pg_temp"));

    /// <summary>Every function with the types of its arguments.</summary>
    public static IEnumerable<string> Signatures(string changefeed)
    {
        CaptureNames names = new(changefeed);
        return
        [
            .. names.Triggers.Select(static t => t.Function + "()"),
            names.Function("saw_index") + "(text)",
            names.Function("saw_rewrite") + "()",
            names.Function("saw_drop") + "()",
            names.Function("touched") + "(text, text)",
            names.Function("types") + "(text)",
            names.Function("publish") + "(oid[])",
            names.Function("alter_publication") + "(text, interval)",
            names.Function("tables") + "(oid[])",
            names.Function("tell") + "(oid[], text, text, text, text)",
            names.Function("emit") + "(json)",
            names.Function("unreadable") + "(text, text)",
        ];
    }

    public IEnumerable<string> Create() =>
    [
        Emit, Unreadable,
        Trigger("start", Guarded($"PERFORM {F("saw_index")}(pg_catalog.current_query());")), SawIndex,
        Trigger("rewrite", Guarded($"PERFORM {F("saw_rewrite")}();")), SawRewrite,
        Trigger("drop", Guarded($"PERFORM {F("saw_drop")}();")), SawDrop,
        Trigger("ddl", EndBody), Types, Touched, AlterPublication, Publish, Tables, Tell,
    ];

    string F(string part) => _names.Function(part);

    static string Value(string setting) => SelectionSql.Literal(PinnedSettings.AtStart[setting]);

    string Trigger(string part, string body) => $"""
        CREATE OR REPLACE FUNCTION {F(part)}() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $cdc$
        {body}
        $cdc$;
        """;

    string Inner(string signature, string returns, string body) => $"""
        CREATE OR REPLACE FUNCTION {signature} RETURNS {returns} LANGUAGE plpgsql{Settings} AS $cdc$
        {body}
        $cdc$;
        """;

    string Guarded(string statement) => $"""
        BEGIN
            {statement}
        EXCEPTION WHEN OTHERS THEN
            BEGIN
                PERFORM {F("unreadable")}(SQLSTATE, SQLERRM);
            EXCEPTION WHEN OTHERS THEN
                NULL;
            END;
        END
        """;

    // Each part is guarded by itself: that a table is moved, which keeps the application's updates from failing, must
    // not be undone because it can't be told. A command that was cancelled while we wait ends as it would anyway.
    string EndBody => $"""
        DECLARE
            _touched pg_catalog.oid[];
            _context pg_catalog.text;
        BEGIN
            GET DIAGNOSTICS _context = PG_CONTEXT;
            {Guarded($"_touched := {F("touched")}(TG_TAG, pg_catalog.current_query());")};
            IF _touched IS NULL THEN
                RETURN;
            END IF;
            {Guarded($"PERFORM {F("publish")}(_touched);")};
            {Guarded($"PERFORM {F("tell")}(_touched, TG_TAG, pg_catalog.current_query(), "
                + "pg_catalog.current_setting('search_path'), _context);")};
        END
        """;

    // A message counts as being where its record ends, which is where the next record begins; and ours is written in a
    // subtransaction. Of two such places in two of them the server may send either first, so the application's next row
    // must not begin there.
    string Emit => Inner($"{F("emit")}(_message json)", "void", $"""
        DECLARE
            _encoding text := CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END;
        BEGIN
            PERFORM pg_logical_emit_message(true, '{CaptureNames.MessagePrefix}{changefeed}.' || c.seal,
                convert_to(_message::text, _encoding))
            FROM {PostgresNames.Quote(CaptureNames.Schema)}.capture c WHERE c.changefeed = '{changefeed}';
            PERFORM pg_logical_emit_message(false, 'cdc.gap', '');
        END
        """);

    string Unreadable => Inner($"{F("unreadable")}(_code text, _sentence text)", "void", $"""
        BEGIN
            PERFORM {F("emit")}(json_build_object('v', 1, 'unreadable', _code || ': ' || _sentence));
        END
        """);

    // Behind the first of the transactions of DROP INDEX CONCURRENTLY a setting of one transaction would be gone.
    string SawIndex => Inner($"{F("saw_index")}(_sql text)", "void", $"""
        BEGIN
            PERFORM set_config('{_names.Indexes}', COALESCE((
                SELECT json_object_agg(x.indexrelid, x.indrelid::int8)::text
                FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                WHERE x.indrelid >= 16384 AND position(i.relname::text IN _sql) > 0), ''), false);
        END
        """);

    string Pending => $"COALESCE(NULLIF(current_setting('{_names.Pending}', true), ''), '[]')::jsonb";

    string SawRewrite => Inner($"{F("saw_rewrite")}()", "void", $"""
        BEGIN
            PERFORM set_config('{_names.Pending}', ({Pending} || jsonb_build_object('kind', 'rewrite',
                'oid', pg_event_trigger_table_rewrite_oid()::int8,
                'reason', pg_event_trigger_table_rewrite_reason()))::text, true);
        END
        """);

    // The row type of a table or view goes with it and is none that anybody made.
    string SawDrop => Inner($"{F("saw_drop")}()", "void", $"""
        BEGIN
            PERFORM set_config('{_names.Pending}', ({Pending} || COALESCE((
                WITH gone AS (SELECT * FROM pg_event_trigger_dropped_objects() d WHERE NOT d.is_temporary)
                SELECT jsonb_agg(i.item) FROM (
                    SELECT CASE
                        WHEN o.object_type = 'table' AND o.objsubid = 0 THEN
                            jsonb_build_object('kind', 'table', 'oid', o.objid::int8,
                                'schema', o.schema_name, 'name', o.object_name)
                        WHEN o.classid = 'pg_class'::regclass AND o.objsubid > 0 THEN
                            jsonb_build_object('kind', 'part', 'oid', o.objid::int8)
                        WHEN o.object_type IN ('table constraint', 'default value') THEN
                            jsonb_build_object('kind', 'part', 'oid', (
                                SELECT r.oid::int8 FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
                                WHERE n.nspname = o.address_names[1] AND r.relname = o.address_names[2]))
                        WHEN o.object_type = 'index' THEN
                            jsonb_build_object('kind', 'index', 'schema', o.schema_name, 'oid',
                                (NULLIF(current_setting('{_names.Indexes}', true), '')::json->>o.objid::text)::int8)
                        WHEN o.classid = 'pg_type'::regclass AND o.object_identity NOT LIKE '%[]' AND NOT EXISTS (
                            SELECT FROM gone t WHERE t.classid = 'pg_class'::regclass AND t.objsubid = 0
                                AND t.object_type <> 'composite type' AND t.object_identity = o.object_identity) THEN
                            jsonb_build_object('kind', 'type', 'oid', o.objid::int8,
                                'schema', o.schema_name, 'name', o.object_name)
                        WHEN o.classid = 'pg_namespace'::regclass THEN
                            jsonb_build_object('kind', 'schema', 'oid', o.objid::int8, 'name', o.object_name)
                        END AS item
                    FROM gone o) AS i
                WHERE i.item IS NOT NULL), '[]'::jsonb))::text, true);
        END
        """);

    /// <summary>The types that the command altered, and those of a schema that it renamed.</summary>
    string Types => Inner($"{F("types")}(_tag text)", "oid[]", """
        BEGIN
            RETURN (
                SELECT array_agg(DISTINCT t.oid)
                FROM pg_event_trigger_ddl_commands() c
                JOIN pg_type t ON t.oid = c.objid AND c.classid = 'pg_type'::regclass
                    OR t.typrelid = c.objid AND c.classid = 'pg_class'::regclass AND t.typtype = 'c'
                        AND EXISTS (SELECT FROM pg_class r WHERE r.oid = c.objid AND r.relkind = 'c')
                    OR t.oid = (SELECT k.contypid FROM pg_constraint k
                        WHERE c.classid = 'pg_constraint'::regclass AND k.oid = c.objid)
                    OR _tag = 'ALTER SCHEMA' AND c.classid = 'pg_namespace'::regclass AND t.typnamespace = c.objid
                        AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
                WHERE _tag NOT LIKE 'CREATE %' AND t.oid >= 16384);
        END
        """);

    /// <summary>The tables that the command touched and that are or were ours; null if it touched nothing of
    /// ours.</summary>
    string Touched => Inner($"{F("touched")}(_tag text, _sql text)", "oid[]", $"""
        DECLARE
            _pending jsonb := {Pending};
            _types oid[] := {F("types")}(_tag);
            _touched oid[];
            _ours oid[];
        BEGIN
            IF _pending = '[]'::jsonb AND NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands()) THEN
                RETURN NULL;
            END IF;
            WITH RECURSIVE command AS MATERIALIZED (SELECT * FROM pg_event_trigger_ddl_commands()),
            users(oid) AS (
                SELECT unnest(_types)
                UNION
                SELECT t.oid FROM users u JOIN pg_type t ON t.typelem = u.oid OR t.typbasetype = u.oid
                    OR t.oid IN (SELECT r.rngtypid FROM pg_range r WHERE r.rngsubtype = u.oid
                        UNION ALL SELECT r.rngmultitypid FROM pg_range r WHERE r.rngtypid = u.oid)
                    OR t.typtype = 'c' AND t.typrelid IN (
                        SELECT a.attrelid FROM pg_attribute a WHERE a.atttypid = u.oid AND a.attnum > 0)
            ),
            named(oid) AS (
                SELECT c.objid FROM command c WHERE c.classid = 'pg_class'::regclass
                UNION SELECT x.indrelid FROM command c JOIN pg_index x ON x.indexrelid = c.objid
                    WHERE c.classid = 'pg_class'::regclass
                UNION SELECT d.refobjid FROM command c JOIN pg_depend d ON d.objid = c.objid
                        AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                        AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
                    WHERE c.classid = 'pg_class'::regclass
                UNION SELECT k.conrelid FROM command c JOIN pg_constraint k ON k.oid = c.objid
                    WHERE c.classid = 'pg_constraint'::regclass
                UNION SELECT (p.item->>'oid')::int8::oid FROM jsonb_array_elements(_pending) AS p(item)
                    WHERE p.item->>'kind' IN ('part', 'index')
                UNION SELECT r.oid FROM jsonb_array_elements(_pending) AS p(item)
                    JOIN pg_namespace n ON n.nspname::text = p.item->>'schema'
                    JOIN pg_class r ON r.relnamespace = n.oid
                    WHERE p.item->>'kind' = 'index' AND p.item->>'oid' IS NULL
                        AND _tag NOT IN ('ALTER TABLE', 'DROP TABLE', 'DROP SCHEMA', 'DROP OWNED')
                UNION SELECT r.oid FROM command c JOIN pg_class r ON r.relnamespace = c.objid
                    WHERE c.classid = 'pg_namespace'::regclass AND _tag = 'ALTER SCHEMA'
                UNION SELECT a.attrelid FROM users u JOIN pg_attribute a ON a.atttypid = u.oid AND a.attnum > 0
            ),
            family(oid) AS (
                SELECT n.oid FROM named n
                UNION SELECT h.inhrelid FROM family f JOIN pg_inherits h ON h.inhparent = f.oid
            )
            SELECT array_agg(f.oid) INTO _touched FROM family f;
            -- A partition that was detached is named nowhere; it is among the tables that were changed just now.
            IF EXISTS (SELECT FROM pg_class r WHERE r.oid = ANY (_touched) AND r.relkind = 'p') AND _tag = 'ALTER TABLE'
            THEN
                _touched := _touched || (
                    SELECT array_agg(r.oid) FROM pg_class r
                    WHERE r.relkind IN ('r', 'p') AND NOT r.relispartition AND age(r.xmin) <= age(
                        (pg_snapshot_xmin(pg_current_snapshot())::text::int8 & 4294967295)::text::xid));
            END IF;
            -- Foreign keys name the table that they point at.
            IF _sql ~* 'rename|schema' OR _tag = 'ALTER SCHEMA' THEN
                _touched := _touched || (
                    SELECT array_agg(k.conrelid) FROM pg_constraint k
                    WHERE k.contype = 'f' AND k.confrelid = ANY (_touched));
            END IF;
            SELECT array_agg(r.oid) INTO _ours
            FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
            WHERE r.oid = ANY (_touched) AND r.relkind IN ('r', 'p') AND r.oid >= 16384
                AND (r.relpersistence = 'p' OR r.relpersistence = 'u' AND _tag = 'ALTER TABLE')
                AND n.nspname NOT IN ('information_schema', 'cdc') AND n.nspname::text NOT LIKE 'pg!_%' ESCAPE '!'
                AND (r.relkind = 'p' OR {Matches("n.nspname", "r.relname")} OR EXISTS (
                    SELECT FROM pg_publication_rel l JOIN pg_publication p ON p.oid = l.prpubid
                    WHERE l.prrelid = r.oid AND p.pubname IN ('{_publications.Keyed}', '{_publications.InsertOnly}')));
            IF _ours IS NULL AND _tag NOT IN ('CREATE SCHEMA', 'ALTER SCHEMA') AND _pending = '[]'::jsonb THEN
                RETURN NULL;
            END IF;
            RETURN COALESCE(_ours, ARRAY[]::oid[]);
        END
        """);

    string Matches(string schema, string table) => SelectionSql.Matches(selection, schema, table);

    // A publication is locked until the end of the transaction that altered it. To wait for that while the
    // application's locks are held could close a circle with whoever holds it, and the server would end one of the
    // two. So we wait for moments only, too short for the server to look for circles, and let go in between; and not so
    // long that the application's own statement_timeout would end its statement.
    string AlterPublication => Inner($"{F("alter_publication")}(_statement text, _patience interval)", "void", """
        DECLARE
            _until timestamptz := clock_timestamp() + LEAST(_patience, (
                SELECT NULLIF(s.setting, '0')::int * interval '1 ms' / 4
                FROM pg_settings s WHERE s.name = 'statement_timeout'));
        BEGIN
            LOOP
                BEGIN
                    PERFORM set_config('lock_timeout', '20ms', true);
                    EXECUTE _statement;
                    RETURN;
                EXCEPTION WHEN lock_not_available THEN
                    IF clock_timestamp() > _until THEN
                        RAISE;
                    END IF;
                END;
                PERFORM pg_sleep(0.03);
            END LOOP;
        END
        """).Replace(" AS $cdc$", " SET lock_timeout = 0 AS $cdc$", StringComparison.Ordinal);

    string SchemaList => serverMajor < SchemaListsSince ? "" : $"""
            FOR _table IN
                SELECT n.nspname AS name FROM pg_event_trigger_ddl_commands() c JOIN pg_namespace n ON n.oid = c.objid
                WHERE c.classid = 'pg_namespace'::regclass AND {SelectionSql.Covers(selection, "n.nspname")}
                    AND n.nspname <> 'cdc' AND NOT EXISTS (
                        SELECT FROM pg_publication_namespace s JOIN pg_publication p ON p.oid = s.pnpubid
                        WHERE s.pnnspid = n.oid AND p.pubname = '{_publications.InsertOnly}')
            LOOP
                PERFORM {F("alter_publication")}(format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %I',
                    '{_publications.InsertOnly}', _table.name), '5 s');
            END LOOP;
        """;

    /// <summary>Whether rows of every table of a schema are published from their first on.</summary>
    string IsCovered(string schema) => serverMajor < SchemaListsSince ? "false" : $"""
        EXISTS (SELECT FROM pg_publication_namespace s JOIN pg_publication q ON q.oid = s.pnpubid
            WHERE s.pnnspid = {schema} AND q.pubname = '{_publications.InsertOnly}')
        """;

    string Publish => Inner($"{F("publish")}(_touched oid[])", "void", $"""
        DECLARE
            _table record;
        BEGIN
            FOR _table IN
                SELECT f.*, format('%I.%I', f.schema, f.name) AS quoted FROM (
                    SELECT r.oid, n.nspname AS schema, r.relname AS name,
                        {Matches("n.nspname", "r.relname")} AS matches,
                        {IsCovered("n.oid")} AS covered,
                        CASE r.relreplident WHEN 'f' THEN true WHEN 'n' THEN false ELSE EXISTS (
                            SELECT FROM pg_index x WHERE x.indrelid = r.oid AND x.indimmediate AND x.indisvalid
                                AND CASE r.relreplident WHEN 'i' THEN x.indisreplident ELSE x.indisprimary END)
                        END AS can_update,
                        EXISTS (SELECT FROM pg_publication_rel l JOIN pg_publication p ON p.oid = l.prpubid
                            WHERE l.prrelid = r.oid AND p.pubname = '{_publications.Keyed}') AS is_keyed,
                        EXISTS (SELECT FROM pg_publication_rel l JOIN pg_publication p ON p.oid = l.prpubid
                            WHERE l.prrelid = r.oid AND p.pubname = '{_publications.InsertOnly}') AS is_inserts
                    FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
                    WHERE r.oid = ANY (_touched) AND r.relkind = 'r' AND r.relpersistence = 'p') f
                ORDER BY f.can_update, f.oid
            LOOP
                IF _table.matches AND NOT _table.is_keyed AND NOT _table.is_inserts THEN
                    PERFORM set_config('{_names.Pending}', ({Pending} || jsonb_build_object(
                        'kind', 'enter', 'oid', _table.oid::int8))::text, true);
                END IF;
                IF _table.is_keyed AND NOT _table.can_update THEN
                    BEGIN
                        PERFORM {F("alter_publication")}(format('ALTER PUBLICATION %I DROP TABLE ONLY %s',
                            '{_publications.Keyed}', _table.quoted), '10 s');
                    EXCEPTION WHEN OTHERS THEN
                        -- Published as it is, its updates would fail. With the whole row as identity they do not.
                        EXECUTE format('ALTER TABLE ONLY %s REPLICA IDENTITY FULL', _table.quoted);
                        PERFORM {F("unreadable")}(SQLSTATE, format(
                            '%s lost its key, and could not be moved to the other publication: %s. It has REPLICA '
                            'IDENTITY FULL now', _table.quoted, SQLERRM));
                        CONTINUE;
                    END;
                END IF;
                IF _table.matches AND _table.can_update AND NOT _table.is_keyed THEN
                    PERFORM {F("alter_publication")}(format('ALTER PUBLICATION %I ADD TABLE ONLY %s',
                        '{_publications.Keyed}', _table.quoted), '5 s');
                ELSIF _table.matches AND NOT _table.can_update AND NOT _table.is_inserts AND NOT _table.covered THEN
                    PERFORM {F("alter_publication")}(format('ALTER PUBLICATION %I ADD TABLE ONLY %s',
                        '{_publications.InsertOnly}', _table.quoted), '5 s');
                END IF;
            END LOOP;
        {SchemaList}
        END
        """);

    string Tables => Inner($"{F("tables")}(oid[])", "json", $"""
        BEGIN
            RETURN (SELECT json_agg(d.definition ORDER BY
                    (SELECT GREATEST(count(*), 1) FROM pg_partition_ancestors(d.oid)), d.oid)
                FROM ({DefinitionQuery.Text}) AS d);
        END
        """);

    // All that was sent is what was executed only if nothing stands between us and the client, and the context is our
    // own line. Below a function or DO block the next line of it is what that handed to the server. Of an extension's
    // script nothing is said.
    static string Executed { get; } = $"""
        IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() c WHERE c.in_extension) THEN
                _sql := NULL;
            ELSIF position(chr(10) IN _context) > 0 THEN
                _context := substr(_context, position(chr(10) IN _context) + 1);
                _sql := CASE WHEN starts_with(_context, '{Handed}')
                    AND position('"' || chr(10) || '{Caller}' IN _context) > 0 THEN
                    substr(split_part(_context, '"' || chr(10) || '{Caller}', 1), {Handed.Length + 1}) END;
            END IF;
        """;

    // As a server says it that speaks English.
    const string Handed = "SQL statement \"";
    const string Caller = "PL/pgSQL function ";

    string Tell => Inner($"{F("tell")}(_touched oid[], _tag text, _sql text, _path text, _context text)", "void", $"""
        DECLARE
            _pending jsonb := {Pending};
            _tables json := {F("tables")}(_touched);
            _types oid[] := {F("types")}(_tag);
            _dropped json;
            _schemas json;
            _rewrites jsonb := '[]';
            _entered jsonb := '[]';
            _altered json;
            _table record;
            _empty boolean;
        BEGIN
            SELECT json_agg(p.item ORDER BY position(p.item->>'kind' IN 'table type schema')) INTO _dropped
            FROM jsonb_array_elements(_pending) AS p(item)
            WHERE CASE p.item->>'kind'
                WHEN 'table' THEN {Matches("p.item->>'schema'", "p.item->>'name'")} AND NOT EXISTS (
                    SELECT FROM pg_class r WHERE r.oid = (p.item->>'oid')::int8::oid)
                WHEN 'type' THEN {Schemas("p.item->>'schema'")} AND NOT EXISTS (
                    SELECT FROM pg_type t WHERE t.oid = (p.item->>'oid')::int8::oid)
                WHEN 'schema' THEN {Schemas("p.item->>'name'")} AND NOT EXISTS (
                    SELECT FROM pg_namespace n WHERE n.nspname::text = p.item->>'name')
                ELSE false END;
            FOR _table IN
                SELECT (p.item->>'oid')::int8::oid AS oid, (p.item->>'reason')::int AS reason
                FROM jsonb_array_elements(_pending) AS p(item)
                JOIN pg_class r ON r.oid = (p.item->>'oid')::int8::oid AND r.oid = ANY (_touched)
                WHERE p.item->>'kind' = 'rewrite'
            LOOP
                EXECUTE format('SELECT NOT EXISTS (SELECT FROM ONLY %s)', _table.oid::regclass) INTO _empty;
                _rewrites := _rewrites || jsonb_build_object(
                    'oid', _table.oid::int8, 'reason', _table.reason, 'empty', _empty);
            END LOOP;
            IF _tag IN ('ALTER TABLE', 'ALTER SCHEMA') THEN
                FOR _table IN
                    SELECT r.oid FROM jsonb_array_elements(_pending) AS p(item)
                    JOIN pg_class r ON r.oid = (p.item->>'oid')::int8::oid WHERE p.item->>'kind' = 'enter'
                LOOP
                    EXECUTE format('SELECT NOT EXISTS (SELECT FROM ONLY %s)', _table.oid::regclass) INTO _empty;
                    IF _empty THEN
                        _entered := _entered || to_jsonb(_table.oid::int8);
                    END IF;
                END LOOP;
            END IF;
            PERFORM set_config('{_names.Pending}', '', true), set_config('{_names.Indexes}', '', false);
            IF _tag IN ('CREATE TABLE AS', 'SELECT INTO') THEN
                FOR _table IN
                    SELECT r.oid, {IsCovered("r.relnamespace")} AS covered
                    FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
                    WHERE r.oid = ANY (_touched) AND r.relkind = 'r' AND {Matches("n.nspname", "r.relname")}
                LOOP
                    CONTINUE WHEN _table.covered;
                    EXECUTE format('SELECT NOT EXISTS (SELECT FROM ONLY %s)', _table.oid::regclass) INTO _empty;
                    IF NOT _empty THEN
                        RAISE EXCEPTION 'the rows that % put into % came before the table could be published, '
                            'so it needs a new copy', _tag, _table.oid::regclass;
                    END IF;
                END LOOP;
            END IF;
            IF _tables IS NOT NULL THEN
                SELECT json_agg(DISTINCT (u.type->>'oid')::int8) INTO _altered
                FROM json_array_elements(_tables) AS t(definition)
                CROSS JOIN json_array_elements(t.definition->'types') AS u(type)
                WHERE (u.type->>'oid')::int8::oid = ANY (_types);
                SELECT json_agg(json_build_object('oid', n.oid::int8, 'name', n.nspname)) INTO _schemas
                FROM pg_event_trigger_ddl_commands() c JOIN pg_namespace n ON n.oid = c.objid
                WHERE c.classid = 'pg_namespace'::regclass;
            END IF;
            IF _tables IS NULL AND _dropped IS NULL THEN
                RETURN;
            END IF;
            {Executed}
            PERFORM {F("emit")}(json_strip_nulls(json_build_object('v', 1, 'tag', _tag,
                'sql', CASE WHEN length(_sql) <= {SqlMax} THEN _sql END, 'path', _path,
                'tables', _tables, 'alteredTypes', _altered, 'types', CASE WHEN _altered IS NOT NULL THEN (
                    {TypesOfAltered}) END,
                'dropped', _dropped, 'schemas', _schemas, 'rewrites', _rewrites, 'empty', _entered)));
        END
        """);

    /// <summary>A longer text is left out: each command of a long script would carry all of it.</summary>
    const int SqlMax = 16_000;

    static string TypesOfAltered { get; } = DefinitionQuery.Types.Replace(
        "$1", "(SELECT array_agg(x.oid::int8::oid) FROM json_array_elements_text(_altered) AS x(oid))",
        StringComparison.Ordinal);

    string Schemas(string schema) => SelectionSql.Schemas(selection, schema);
}
