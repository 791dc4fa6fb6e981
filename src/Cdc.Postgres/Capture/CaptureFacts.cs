using Npgsql;

namespace Cdc.Postgres.Capture;

/// <summary>What is there of one changefeed's DDL capture, and what our role may do about it.</summary>
/// <param name="IsThere">Anything of it.</param>
/// <param name="IsWhole">All event triggers are there and on, and our role may read their version.</param>
/// <param name="Version">Of the functions; null if it can't be read.</param>
/// <param name="Seal">What the prefix of messages ends with; null if it can't be read.</param>
internal sealed record CaptureFacts(bool MayCreate, bool IsThere, bool IsWhole, string? Version, string? Seal)
{
    public static async Task<CaptureFacts> ReadAsync(
        NpgsqlConnection connection, string changefeed, CancellationToken cancellationToken)
    {
        CaptureNames names = new(changefeed);
        string[] triggers = [.. names.Triggers.Select(static t => t.Name)];
        string[] functions = [.. names.Triggers.Select(static t => t.Function)];
        (bool mayCreate, long enabled, long some, bool mayRead) = await CountAsync(
            connection, triggers, functions, cancellationToken).ConfigureAwait(false);
        bool isThere = some > 0;
        if (!mayRead) return new(mayCreate, isThere, false, null, null);
        await using NpgsqlCommand command = new(
            "SELECT version, seal FROM cdc.capture WHERE changefeed = $1", connection);
        command.Parameters.Add(new() { Value = changefeed });
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        return await row.ReadAsync(cancellationToken).ConfigureAwait(false)
            ? new(mayCreate, true, enabled == triggers.Length, row.GetString(0), row.GetString(1))
            : new(mayCreate, isThere, false, null, null);
    }

    static async Task<(bool MayCreate, long Enabled, long Some, bool MayRead)> CountAsync(
        NpgsqlConnection connection, string[] triggers, string[] functions, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("""
            SELECT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user),
                (SELECT pg_catalog.count(*) FROM pg_catalog.pg_event_trigger e
                    WHERE e.evtname::text = ANY ($1) AND e.evtenabled = 'A'),
                (SELECT pg_catalog.count(*) FROM pg_catalog.pg_event_trigger e WHERE e.evtname::text = ANY ($1))
                    + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc p
                        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                        WHERE n.nspname = 'cdc'
                            AND '"cdc"."' || p.proname || '"' = ANY ($2)),
                COALESCE(pg_catalog.has_schema_privilege(
                        (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'cdc'), 'USAGE')
                    AND pg_catalog.has_table_privilege(
                        pg_catalog.to_regclass('cdc.capture')::pg_catalog.oid, 'SELECT'), false)
            """, connection);
        command.Parameters.Add(new() { Value = triggers });
        command.Parameters.Add(new() { Value = functions });
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        return (row.GetBoolean(0), row.GetInt64(1), row.GetInt64(2), row.GetBoolean(3));
    }
}
