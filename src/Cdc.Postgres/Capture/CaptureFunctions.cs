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
            names.Function("touched") + "(text, text)",
            names.Function("types") + "(text)",
            names.Function("publish") + "(oid[])",
            names.Function("alter_publication") + "(text, interval)",
            names.Function("tables") + "(oid[])",
            names.Function("tell") + "(oid[], text, text, text)",
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
            Trigger("ddl", EndBody), touched.Types, touched.Touched, publish.AlterPublication, publish.Publish,
            tell.Tables, tell.Tell,
        ];
    }

    string Trigger(string part, string body) => FunctionFrame.Trigger(feed.F(part), body);

    string Guarded(string statement) => FunctionFrame.Guarded(feed, statement);

    // Each part is guarded by itself: that a table is moved, which keeps the application's updates from failing, must
    // not be undone because it can't be told. A command that was cancelled while we wait ends as it would anyway.
    string EndBody => $"""
        DECLARE
            _touched pg_catalog.oid[];
        BEGIN
            {Guarded($"_touched := {feed.F("touched")}(TG_TAG, pg_catalog.current_query());")};
            IF _touched IS NULL THEN
                RETURN;
            END IF;
            {Guarded($"PERFORM {feed.F("publish")}(_touched);")};
            {Guarded($"PERFORM {feed.F("tell")}(_touched, TG_TAG, pg_catalog.current_query(), "
                + "pg_catalog.current_setting('search_path'));")};
        END
        """;
}
