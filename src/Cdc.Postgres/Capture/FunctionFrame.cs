using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Capture;

/// <summary>What stands around every function of ours: whose it is, its settings, and what becomes of an error.</summary>
internal static class FunctionFrame
{
    // What the texts of pg_get_expr and of types' output functions depend on, and how a body is read.
    static readonly string[] Pinned =
    [
        "DateStyle", "IntervalStyle", "TimeZone", "bytea_output", "extra_float_digits", "lc_monetary", "xmlbinary",
        "quote_all_identifiers", "standard_conforming_strings", "row_security", "client_min_messages",
        "jit",
    ];

    // Making a plan takes ten times as long as running it, so it is made once in a session.
    static string Settings { get; } = string.Concat(
        Pinned.Select(static name => $" SET {name} = {Value(name)}").Prepend(
            " SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan"));

    /// <summary>A function that an event calls. It runs with the session's own search_path: no operator may stand in
    /// it, and every name is qualified.</summary>
    public static string Trigger(string name, string body) => $"""
        CREATE OR REPLACE FUNCTION {name}() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $cdc$
        {body}
        $cdc$;
        """;

    /// <summary>A function with settings of ours.</summary>
    public static string Inner(string signature, string returns, string body) => $"""
        CREATE OR REPLACE FUNCTION {signature} RETURNS {returns} LANGUAGE plpgsql{Settings} AS $cdc$
        {body}
        $cdc$;
        """;

    /// <summary>A block in which every error ends; it is said in the log, if that can be done.</summary>
    public static string Guarded(CapturedFeed feed, string statement) => $"""
        BEGIN
            {statement}
        EXCEPTION WHEN OTHERS THEN
            BEGIN
                PERFORM {feed.F("unreadable")}(SQLSTATE, SQLERRM);
            EXCEPTION WHEN OTHERS THEN
                NULL;
            END;
        END
        """;

    static string Value(string setting) => SelectionSql.Literal(PinnedSettings.AtStart[setting]);
}
