using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Capture;

/// <summary>What is said of a command in the log, as SQL.</summary>
internal sealed class TellFunctions(CapturedFeed feed)
{
    /// <summary>A longer text is left out: each command of a long script would carry all of it.</summary>
    const int SqlMax = 16_000;

    // A message counts as being where its record ends, which is where the next record begins; and ours is written in a
    // subtransaction. Of two such places in two of them the server may send either first, so the application's next row
    // must not begin there.
    public string Emit => FunctionFrame.Inner($"{feed.F("emit")}(_message json)", "void", $"""
        DECLARE
            _encoding text := CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END;
        BEGIN
            PERFORM pg_logical_emit_message(true, '{CaptureNames.MessagePrefix}{feed.Name}.' || c.seal,
                convert_to(_message::text, _encoding))
            FROM {PostgresNames.Quote(CaptureNames.Schema)}.capture c WHERE c.changefeed = '{feed.Name}';
            PERFORM pg_logical_emit_message(false, 'cdc.gap', '');
        END
        """);

    public string Unreadable => FunctionFrame.Inner($"{feed.F("unreadable")}(_code text, _sentence text)", "void", $"""
        BEGIN
            PERFORM {feed.F("emit")}(json_build_object('v', 1, 'unreadable', _code || ': ' || _sentence));
        END
        """);

    public string Tables => FunctionFrame.Inner($"{feed.F("tables")}(oid[])", "json", $"""
        BEGIN
            RETURN (SELECT json_agg(d.definition ORDER BY
                    (SELECT GREATEST(count(*), 1) FROM pg_partition_ancestors(d.oid)), d.oid)
                FROM ({DefinitionQuery.Text}) AS d);
        END
        """);

    public string Tell => FunctionFrame.Inner($"{feed.F("tell")}(_touched oid[], _tag text, _sql text, _path text)", "void", $"""
        DECLARE
            _pending jsonb := {feed.Pending};
            _tables json := {feed.F("tables")}(_touched);
            _types oid[] := {feed.F("types")}(_tag);
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
                WHEN 'table' THEN {feed.Matches("p.item->>'schema'", "p.item->>'name'")} AND NOT EXISTS (
                    SELECT FROM pg_class r WHERE r.oid = (p.item->>'oid')::int8::oid)
                WHEN 'type' THEN {feed.Schemas("p.item->>'schema'")} AND NOT EXISTS (
                    SELECT FROM pg_type t WHERE t.oid = (p.item->>'oid')::int8::oid)
                WHEN 'schema' THEN {feed.Schemas("p.item->>'name'")} AND NOT EXISTS (
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
            PERFORM set_config('{feed.Names.Pending}', '', true), set_config('{feed.Names.Indexes}', '', false);
            IF _tag IN ('CREATE TABLE AS', 'SELECT INTO') THEN
                FOR _table IN
                    SELECT r.oid, {feed.IsCovered("r.relnamespace")} AS covered
                    FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
                    WHERE r.oid = ANY (_touched) AND r.relkind = 'r' AND {feed.Matches("n.nspname", "r.relname")}
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
            PERFORM {feed.F("emit")}(json_strip_nulls(json_build_object('v', 1, 'tag', _tag,
                'sql', CASE WHEN length(_sql) <= {SqlMax} THEN _sql END, 'path', _path,
                'tables', _tables, 'alteredTypes', _altered, 'types', CASE WHEN _altered IS NOT NULL THEN (
                    {TypesOfAltered}) END,
                'dropped', _dropped, 'schemas', _schemas, 'rewrites', _rewrites, 'empty', _entered)));
        END
        """);

    static string TypesOfAltered { get; } = DefinitionQuery.Types.Replace(
        "$1", "(SELECT array_agg(x.oid::int8::oid) FROM json_array_elements_text(_altered) AS x(oid))",
        StringComparison.Ordinal);
}
