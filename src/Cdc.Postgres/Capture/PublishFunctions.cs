namespace Cdc.Postgres.Capture;

/// <summary>The publications, as SQL: new tables in, tables whose key comes or goes moved. The rule is that of
/// <see cref="Setup.PublicationPlan"/>.</summary>
internal sealed class PublishFunctions(CapturedFeed feed)
{
    // A publication is locked until the end of the transaction that altered it. To wait for that while the
    // application's locks are held could close a circle with whoever holds it, and the server would end one of the
    // two. So we wait for moments only, too short for the server to look for circles, and let go in between; and not so
    // long that the application's own statement_timeout would end its statement. What is to be added waits for nobody
    // as long as a spare is free: the one that this transaction holds already, or the first that nobody does. A spare
    // that does not publish all that its publication does is not read, or not yet.
    public string AlterPublication => FunctionFrame.Inner(
        $"{feed.F("alter_publication")}(_publication name, _action text, _patience interval)", "void", $"""
        DECLARE
            _until timestamptz := clock_timestamp() + LEAST(_patience,
                NULLIF(current_setting('statement_timeout')::interval, '0') / 4);
            _setting text := CASE _publication WHEN '{feed.Publications.Keyed}' THEN '{feed.Names.HeldKeyed}'
                ELSE '{feed.Names.HeldInserts}' END;
            _held text := NULLIF(current_setting(_setting, true), '');
            _names name[] := ARRAY[_publication];
            _name name;
        BEGIN
            IF starts_with(_action, 'ADD ') THEN
                SELECT array_agg(p.pubname ORDER BY p.pubname <> _held, p.pubname <> _publication, p.pubname)
                INTO _names FROM pg_publication p JOIN pg_publication m ON m.pubname = _publication
                WHERE p.oid = m.oid OR (p.pubname IN ({feed.Keyed}, {feed.Inserts})
                    AND starts_with(p.pubname, _publication || '#') AND p.pubinsert AND p.pubtruncate
                    AND p.pubupdate = m.pubupdate AND p.pubdelete = m.pubdelete);
                _names := COALESCE(_names, ARRAY[_publication]);
            END IF;
            LOOP
                FOREACH _name IN ARRAY _names LOOP
                    BEGIN
                        PERFORM set_config('lock_timeout',
                            CASE WHEN _name = _publication THEN '20ms' ELSE '2ms' END, true);
                        EXECUTE format('ALTER PUBLICATION %I %s', _name, _action);
                        IF _name <> _publication THEN
                            PERFORM set_config(_setting, _name, true);
                        END IF;
                        RETURN;
                    EXCEPTION WHEN lock_not_available THEN
                        IF _name = _names[cardinality(_names)] AND clock_timestamp() > _until THEN
                            RAISE;
                        END IF;
                    END;
                END LOOP;
                PERFORM pg_sleep(0.03);
            END LOOP;
        END
        """).Replace(" AS $cdc$", " SET lock_timeout = 0 AS $cdc$", StringComparison.Ordinal);

    string SchemaList => !feed.HasSchemaLists ? "" : $"""
            FOR _table IN
                SELECT n.nspname AS name FROM pg_event_trigger_ddl_commands() c JOIN pg_namespace n ON n.oid = c.objid
                WHERE c.classid = 'pg_namespace'::regclass AND {SelectionSql.Covers(feed.Selection, "n.nspname")}
                    AND n.nspname <> 'cdc' AND NOT {feed.IsCovered("n.oid")}
            LOOP
                PERFORM {feed.F("alter_publication")}('{feed.Publications.InsertOnly}',
                    format('ADD TABLES IN SCHEMA %I', _table.name), '5 s');
            END LOOP;
        """;

    public string Publish => FunctionFrame.Inner($"{feed.F("publish")}(_touched oid[])", "void", $"""
        DECLARE
            _table record;
        BEGIN
            FOR _table IN
                SELECT f.*, format('%I.%I', f.schema, f.name) AS quoted FROM (
                    SELECT r.oid, n.nspname AS schema, r.relname AS name,
                        {feed.Matches("n.nspname", "r.relname")} AS matches,
                        {feed.IsCovered("n.oid")} AS covered,
                        CASE r.relreplident WHEN 'f' THEN true WHEN 'n' THEN false ELSE EXISTS (
                            SELECT FROM pg_index x WHERE x.indrelid = r.oid AND x.indimmediate AND x.indisvalid
                                AND CASE r.relreplident WHEN 'i' THEN x.indisreplident ELSE x.indisprimary END)
                        END AS can_update,
                        ARRAY(SELECT p.pubname FROM pg_publication_rel l JOIN pg_publication p ON p.oid = l.prpubid
                            WHERE l.prrelid = r.oid AND p.pubname IN ({feed.Keyed})) AS keyed,
                        {CapturedFeed.IsListed(feed.Inserts, "r.oid")} AS is_inserts
                    FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
                    WHERE r.oid = ANY (_touched) AND r.relkind = 'r' AND r.relpersistence = 'p') f
                ORDER BY f.can_update, f.oid
            LOOP
                IF _table.matches AND cardinality(_table.keyed) = 0 AND NOT _table.is_inserts THEN
                    PERFORM set_config('{feed.Names.Pending}', ({feed.Pending} || jsonb_build_object(
                        'kind', 'enter', 'oid', _table.oid::int8))::text, true);
                END IF;
                IF cardinality(_table.keyed) > 0 AND NOT _table.can_update THEN
                    BEGIN
                        PERFORM {feed.F("alter_publication")}(
                            k.name, 'DROP TABLE ONLY ' || _table.quoted, '10 s') FROM unnest(_table.keyed) AS k(name);
                    EXCEPTION WHEN OTHERS THEN
                        -- Published as it is, its updates would fail. With the whole row as identity they do not.
                        EXECUTE format('ALTER TABLE ONLY %s REPLICA IDENTITY FULL', _table.quoted);
                        PERFORM {feed.F("unreadable")}(SQLSTATE, format(
                            '%s lost its key, and could not be moved to the other publication: %s. It has REPLICA '
                            'IDENTITY FULL now', _table.quoted, SQLERRM));
                        CONTINUE;
                    END;
                END IF;
                IF _table.matches AND _table.can_update AND cardinality(_table.keyed) = 0 THEN
                    PERFORM {feed.F("alter_publication")}('{feed.Publications.Keyed}',
                        'ADD TABLE ONLY ' || _table.quoted, '5 s');
                ELSIF _table.matches AND NOT _table.can_update AND NOT _table.is_inserts AND NOT _table.covered THEN
                    PERFORM {feed.F("alter_publication")}('{feed.Publications.InsertOnly}',
                        'ADD TABLE ONLY ' || _table.quoted, '5 s');
                END IF;
            END LOOP;
        {SchemaList}
        END
        """);
}
