namespace Cdc.Testing;

/// <summary>
/// Settings of a database under which text, visibility and patience differ from the defaults in everything that a
/// reader of COPY or pgoutput could trip over.
/// </summary>
public static class PostgresDifferentSettings
{
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["DateStyle"] = "'SQL, DMY'",
        ["IntervalStyle"] = "'sql_standard'",
        ["TimeZone"] = "'Asia/Kathmandu'",
        ["bytea_output"] = "'escape'",
        ["extra_float_digits"] = "-5",
        ["xmlbinary"] = "'hex'",
        ["client_encoding"] = "'LATIN1'",
        ["client_min_messages"] = "'debug1'",
        ["search_path"] = "'pg_temp'",
        ["row_security"] = "on",
        ["statement_timeout"] = "'3s'",
        ["lock_timeout"] = "'3s'",
        ["idle_in_transaction_session_timeout"] = "'3s'",
        ["idle_session_timeout"] = "'3s'",
        ["standard_conforming_strings"] = "off",
        ["quote_all_identifiers"] = "on",
        ["array_nulls"] = "off",
        ["xmloption"] = "'document'",
        ["transform_null_equals"] = "on",
        ["default_transaction_isolation"] = "'serializable'",
    };

    /// <summary>A locale whose money looks different; only where the machine has it.</summary>
    internal const string Monetary = "en_US.UTF-8";
}
