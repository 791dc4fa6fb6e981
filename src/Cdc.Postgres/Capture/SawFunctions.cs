namespace Cdc.Postgres.Capture;

/// <summary>What one event leaves to the last one of its command, as SQL: what was dropped, what was rewritten, whose
/// index goes.</summary>
internal sealed class SawFunctions(CapturedFeed feed)
{
    // Behind the first of the transactions of DROP INDEX CONCURRENTLY a setting of one transaction would be gone.
    public string SawIndex => FunctionFrame.Inner($"{feed.F("saw_index")}(_sql text)", "void", $"""
        BEGIN
            PERFORM set_config('{feed.Names.Indexes}', COALESCE((
                SELECT json_object_agg(x.indexrelid, x.indrelid::int8)::text
                FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                WHERE x.indrelid >= 16384 AND position(i.relname::text IN _sql) > 0), ''), false);
        END
        """);

    public string SawRewrite => FunctionFrame.Inner($"{feed.F("saw_rewrite")}()", "void", $"""
        BEGIN
            PERFORM set_config('{feed.Names.Pending}', ({feed.Pending} || jsonb_build_object('kind', 'rewrite',
                'oid', pg_event_trigger_table_rewrite_oid()::int8,
                'reason', pg_event_trigger_table_rewrite_reason()))::text, true);
        END
        """);

    // The row type of a table or view goes with it and is none that anybody made.
    public string SawDrop => FunctionFrame.Inner($"{feed.F("saw_drop")}()", "void", $"""
        BEGIN
            PERFORM set_config('{feed.Names.Pending}', ({feed.Pending} || COALESCE((
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
                                (NULLIF(current_setting('{feed.Names.Indexes}', true), '')::json->>o.objid::text)::int8)
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
}
