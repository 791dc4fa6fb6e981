namespace Cdc.Postgres.Capture;

/// <summary>What a command touched, as SQL.</summary>
/// <remarks>In simple queries by number, of which most are left out for most commands: their plans are made once in a
/// session, without looking at what is asked for, and one query for all would read whole catalogs then.</remarks>
internal sealed class TouchedFunctions(CapturedFeed feed)
{
    /// <summary>The types that the command altered, and those of a schema that it renamed.</summary>
    public string Types => FunctionFrame.Inner($"{feed.F("types")}(_tag text)", "oid[]", """
        BEGIN
            IF _tag LIKE 'CREATE %' THEN
                RETURN NULL;
            END IF;
            RETURN (
                SELECT array_agg(DISTINCT a.oid) FROM (
                    SELECT c.objid FROM pg_event_trigger_ddl_commands() c WHERE c.classid = 'pg_type'::regclass
                    UNION ALL SELECT r.reltype FROM pg_event_trigger_ddl_commands() c JOIN pg_class r ON r.oid = c.objid
                    WHERE c.classid = 'pg_class'::regclass AND r.relkind = 'c'
                    UNION ALL SELECT k.contypid FROM pg_event_trigger_ddl_commands() c
                        JOIN pg_constraint k ON k.oid = c.objid WHERE c.classid = 'pg_constraint'::regclass
                    UNION ALL SELECT t.oid FROM pg_event_trigger_ddl_commands() c
                        JOIN pg_type t ON t.typnamespace = c.objid
                    WHERE _tag = 'ALTER SCHEMA' AND c.classid = 'pg_namespace'::regclass
                        AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
                    ) AS a(oid)
                WHERE a.oid >= 16384);
        END
        """);

    /// <summary>The tables with columns of these types, or of types that are made of them.</summary>
    public string Users => FunctionFrame.Inner($"{feed.F("users")}(_types oid[])", "oid[]", """
        BEGIN
            IF _types IS NULL THEN
                RETURN NULL;
            END IF;
            RETURN (
                WITH RECURSIVE users(oid) AS (
                    SELECT unnest(_types)
                    UNION
                    SELECT t.oid FROM users u JOIN pg_type t ON t.typelem = u.oid OR t.typbasetype = u.oid
                        OR t.oid IN (SELECT r.rngtypid FROM pg_range r WHERE r.rngsubtype = u.oid
                            UNION ALL SELECT r.rngmultitypid FROM pg_range r WHERE r.rngtypid = u.oid)
                        OR t.typtype = 'c' AND t.typrelid IN (
                            SELECT a.attrelid FROM pg_attribute a WHERE a.atttypid = u.oid AND a.attnum > 0)
                )
                SELECT array_agg(a.attrelid) FROM users u JOIN pg_attribute a ON a.atttypid = u.oid AND a.attnum > 0);
        END
        """);

    /// <summary>The tables that the command names, by themselves or by a part of them.</summary>
    public string Named => FunctionFrame.Inner($"{feed.F("named")}(_tag text, _pending jsonb)", "oid[]", """
        DECLARE
            _relations oid[] := (SELECT array_agg(c.objid) FROM pg_event_trigger_ddl_commands() c
                WHERE c.classid = 'pg_class'::regclass);
            _constraints oid[] := (SELECT array_agg(c.objid) FROM pg_event_trigger_ddl_commands() c
                WHERE c.classid = 'pg_constraint'::regclass);
            _named oid[] := _relations;
        BEGIN
            IF _relations IS NOT NULL THEN
                _named := _named
                    || (SELECT array_agg(x.indrelid) FROM pg_index x WHERE x.indexrelid = ANY (_relations))
                    || (SELECT array_agg(d.refobjid) FROM pg_depend d
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = ANY (_relations)
                            AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i'));
            END IF;
            IF _constraints IS NOT NULL THEN
                _named := _named || (
                    SELECT array_agg(k.conrelid) FROM pg_constraint k WHERE k.oid = ANY (_constraints));
            END IF;
            IF _pending <> '[]'::jsonb THEN
                _named := _named || (
                    SELECT array_agg((p.item->>'oid')::int8::oid) FROM jsonb_array_elements(_pending) AS p(item)
                    WHERE p.item->>'kind' IN ('part', 'index') AND p.item->>'oid' IS NOT NULL
                ) || (
                    SELECT array_agg(r.oid) FROM jsonb_array_elements(_pending) AS p(item)
                    JOIN pg_namespace n ON n.nspname::text = p.item->>'schema'
                    JOIN pg_class r ON r.relnamespace = n.oid
                    WHERE p.item->>'kind' = 'index' AND p.item->>'oid' IS NULL
                        AND _tag NOT IN ('ALTER TABLE', 'DROP TABLE', 'DROP SCHEMA', 'DROP OWNED'));
            END IF;
            IF _tag = 'ALTER SCHEMA' THEN
                _named := _named || (
                    SELECT array_agg(r.oid) FROM pg_event_trigger_ddl_commands() c
                    JOIN pg_class r ON r.relnamespace = c.objid WHERE c.classid = 'pg_namespace'::regclass);
            END IF;
            RETURN _named;
        END
        """);

    /// <summary>The tables that the command touched and that are or were ours; null if it touched nothing of
    /// ours.</summary>
    public string Touched => FunctionFrame.Inner($"{feed.F("touched")}(_tag text, _sql text)", "oid[]", $"""
        DECLARE
            _pending jsonb := {feed.Pending};
            _touched oid[];
            _ours oid[];
        BEGIN
            IF _pending = '[]'::jsonb AND NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands()) THEN
                RETURN NULL;
            END IF;
            _touched := {feed.F("named")}(_tag, _pending) || {feed.F("users")}({feed.F("types")}(_tag));
            IF EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = ANY (_touched)) THEN
                WITH RECURSIVE family(oid) AS (
                    SELECT unnest(_touched)
                    UNION SELECT h.inhrelid FROM family f JOIN pg_inherits h ON h.inhparent = f.oid
                )
                SELECT array_agg(f.oid) INTO _touched FROM family f;
            END IF;
            -- A partition that was detached is named nowhere; it is among the tables that were changed just now.
            IF _tag = 'ALTER TABLE' AND EXISTS (
                SELECT FROM pg_class r WHERE r.oid = ANY (_touched) AND r.relkind = 'p')
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
                AND (r.relkind = 'p' OR {feed.Matches("n.nspname", "r.relname")}
                    OR {CapturedFeed.IsListed($"{feed.Keyed}, {feed.Inserts}", "r.oid")});
            IF _ours IS NULL AND _tag NOT IN ('CREATE SCHEMA', 'ALTER SCHEMA') AND _pending = '[]'::jsonb THEN
                RETURN NULL;
            END IF;
            RETURN COALESCE(_ours, ARRAY[]::oid[]);
        END
        """);
}
