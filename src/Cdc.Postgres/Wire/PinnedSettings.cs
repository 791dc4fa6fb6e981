using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>
/// The run-time parameters that every session of ours fixes, because a database or a role may set them otherwise and
/// they change the text of COPY and pgoutput or how it is read, what is visible, or how long we may take.
/// </summary>
internal static class PinnedSettings
{
    const int TransactionTimeoutSince = 17_0000;

    /// <summary>Sent with the start-up message, which beats what ALTER DATABASE and ALTER ROLE say.</summary>
    public static IReadOnlyDictionary<string, string> AtStart { get; } = new Dictionary<string, string>
    {
        ["client_encoding"] = "UTF8",
        ["DateStyle"] = "ISO, MDY",
        ["IntervalStyle"] = "postgres",
        ["TimeZone"] = "UTC",
        ["bytea_output"] = "hex",
        ["extra_float_digits"] = "3",
        ["lc_monetary"] = "C",
        ["xmlbinary"] = "base64",
        // How a target reads values: a NULL in an array would be a word, and xml that is no document an error.
        ["array_nulls"] = "on",
        ["xmloption"] = "content",
        ["transform_null_equals"] = "off",
        // regclass and its kin print names with or without schema, with or without quotes.
        ["search_path"] = "pg_catalog",
        ["quote_all_identifiers"] = "off",
        ["standard_conforming_strings"] = "on",
        // COPY leaves out rows that a policy hides, silently, unless this makes it an error.
        ["row_security"] = "off",
        // Compiling a query about catalogs takes a hundred times as long as running it.
        ["jit"] = "off",
        ["default_transaction_isolation"] = "read committed",
        ["default_transaction_read_only"] = "off",
        ["default_transaction_deferrable"] = "off",
        ["client_min_messages"] = "warning",
        ["statement_timeout"] = "0",
        ["lock_timeout"] = "0",
        ["idle_in_transaction_session_timeout"] = "0",
        ["idle_session_timeout"] = "0",
    };

    /// <summary>Fixes what only newer servers know, and makes sure that all of it is in effect.</summary>
    /// <exception cref="CdcException"><see cref="FailureKind.SourceUnfit"/>: something between drops them.</exception>
    public static void Apply(PgConnection connection)
    {
        if (connection.ServerVersion >= TransactionTimeoutSince) connection.Query("SET transaction_timeout = 0");

        string names = string.Join(", ", AtStart.Keys.Select(name => $"'{name.ToLowerInvariant()}'"));
        PgRows rows = connection.Query(
            $"SELECT name, setting FROM pg_catalog.pg_settings WHERE pg_catalog.lower(name) IN ({names})");
        var inEffect = rows.ToDictionary(row => row[0] ?? "", row => row[1], StringComparer.OrdinalIgnoreCase);
        string[] wrong = [.. AtStart.Where(s => inEffect.GetValueOrDefault(s.Key) != s.Value).Select(s => s.Key)];
        if (wrong.Length == 0) return;
        throw new CdcException(FailureKind.SourceUnfit,
            $"{connection.Endpoint.Server} did not take these settings for our session: {string.Join(", ", wrong)}.",
            "If the address is a connection pooler, connect to the server itself.");
    }
}
