namespace Cdc.Postgres.Capture;

/// <summary>The functions of one changefeed's DDL capture, as SQL. What they may and may not do is said at
/// <see cref="CaptureSql"/>.</summary>
internal sealed class CaptureFunctions(CapturedFeed feed)
{
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
            names.Function("is_late") + "(text)",
            names.Function("touched") + "(text, text)",
            names.Function("types") + "(text)",
            names.Function("users") + "(oid[])",
            names.Function("named") + "(text, jsonb)",
            names.Function("publish") + "(oid[])",
            names.Function("alter_publication") + "(name, text, interval)",
            names.Function("tables") + "(oid[])",
            names.Function("tell") + "(oid[], text, text, text, text)",
            names.Function("emit") + "(json)",
            names.Function("unreadable") + "(text, text)",
        ];
    }

    public IEnumerable<string> Create()
    {
        SawFunctions saw = new(feed);
        TouchedFunctions touched = new(feed);
        PublishFunctions publish = new(feed);
        TellFunctions tell = new(feed);
        return
        [
            tell.Emit, tell.Unreadable,
            Trigger("start", Guarded($"PERFORM {feed.F("saw_index")}(pg_catalog.current_query());")), saw.SawIndex,
            Trigger("rewrite", Guarded($"PERFORM {feed.F("saw_rewrite")}();")), saw.SawRewrite,
            Trigger("drop", Guarded($"PERFORM {feed.F("saw_drop")}();")), saw.SawDrop,
            Trigger("ddl", EndBody), IsLate, touched.Types, touched.Users, touched.Named, touched.Touched,
            publish.AlterPublication, publish.Publish, tell.Tables, tell.Tell,
        ];
    }

    string Trigger(string part, string body) => FunctionFrame.Trigger(feed.F(part), body);

    string Guarded(string statement) => FunctionFrame.Guarded(feed, statement);

    // Each part is guarded by itself: that a table is moved, which keeps the application's updates from failing, must
    // not be undone because it can't be told.
    string AllParts => $"""
        {Guarded($"_touched := {feed.F("touched")}(TG_TAG, pg_catalog.current_query());")};
        IF _touched IS NULL THEN
            RETURN;
        END IF;
        {Guarded($"PERFORM {feed.F("publish")}(_touched);")};
        {Guarded($"PERFORM {feed.F("tell")}(_touched, TG_TAG, pg_catalog.current_query(), "
            + "pg_catalog.current_setting('search_path'), _context);")};
        """;

    // The application's statement_timeout may run out in here, when its command is done. It runs out once: what was
    // undone is done again without it. A command inside something larger ends as it would anyway, and so does one that
    // somebody cancels.
    string EndBody => $"""
        DECLARE
            _touched pg_catalog.oid[];
            _context pg_catalog.text;
            _goes_on pg_catalog.bool := false;
        BEGIN
            GET DIAGNOSTICS _context = PG_CONTEXT;
            BEGIN
                {AllParts}
                RETURN;
            EXCEPTION WHEN query_canceled THEN
                BEGIN
                    _goes_on := {feed.F("is_late")}(_context);
                EXCEPTION WHEN OTHERS THEN
                    NULL;
                END;
                IF _goes_on THEN
                    NULL;
                ELSE
                    RAISE;
                END IF;
            END;
            {AllParts}
        END
        """;

    /// <summary>Whether a cancel is that of statement_timeout, and the command not part of a function, block or script,
    /// by what PG_CONTEXT says of where we are.</summary>
    string IsLate => FunctionFrame.Inner($"{feed.F("is_late")}(_context text)", "boolean", """
        BEGIN
            RETURN position(chr(10) IN _context) = 0
                AND clock_timestamp() - statement_timestamp()
                    >= NULLIF(current_setting('statement_timeout')::interval, '0');
        END
        """);
}
