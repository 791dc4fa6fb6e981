namespace Cdc.Postgres.Capture;

/// <summary>Which commands the event triggers look at.</summary>
/// <remarks>Not those about publications: our own would call us again. Not CREATE TYPE and its kin: a type comes with the
/// first table that uses it. Every DROP that can cascade to a part of a table is among them.</remarks>
internal static class CaptureTags
{
    /// <summary>Empty: all, where the event itself is seldom.</summary>
    public static string[] Of(string @event) => @event switch
    {
        "ddl_command_start" => ["DROP INDEX"],
        "ddl_command_end" => End,
        _ => [],
    };

    static readonly string[] End =
    [
        "CREATE TABLE", "CREATE TABLE AS", "SELECT INTO", "ALTER TABLE", "DROP TABLE",
        "CREATE INDEX", "ALTER INDEX", "DROP INDEX",
        "CREATE SEQUENCE", "ALTER SEQUENCE", "DROP SEQUENCE",
        "CREATE SCHEMA", "ALTER SCHEMA", "DROP SCHEMA",
        "ALTER TYPE", "DROP TYPE", "ALTER DOMAIN", "DROP DOMAIN",
        "ALTER VIEW", "DROP VIEW", "DROP MATERIALIZED VIEW", "DROP FOREIGN TABLE",
        "DROP FUNCTION", "DROP PROCEDURE", "DROP ROUTINE", "DROP AGGREGATE", "DROP OPERATOR", "DROP OPERATOR CLASS",
        "DROP OPERATOR FAMILY", "DROP COLLATION", "DROP CAST", "DROP CONVERSION", "DROP LANGUAGE",
        "DROP ACCESS METHOD", "DROP TEXT SEARCH CONFIGURATION", "DROP TEXT SEARCH DICTIONARY",
        "DROP TEXT SEARCH PARSER", "DROP TEXT SEARCH TEMPLATE", "DROP EXTENSION", "DROP OWNED",
        "DROP SERVER", "DROP FOREIGN DATA WRAPPER",
    ];
}
