using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Setup;
using Npgsql;
using NpgsqlTypes;

namespace Cdc.Postgres.Capture;

/// <summary>Reads where the sequences stand that columns of captured tables own.</summary>
internal static class OwnedSequences
{
    public static async Task<IReadOnlyList<SequenceState>> ReadAsync(
        NpgsqlConnection connection, uint[] tables, CancellationToken cancellationToken)
    {
        List<(TableName Name, bool MayRead)> names = [];
        await using (NpgsqlCommand command = new(NamesQuery, connection))
        {
            command.Parameters.Add(new() { Value = tables, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid });
            await using NpgsqlDataReader row =
                await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                names.Add((new(row.GetString(0), row.GetString(1)), row.GetBoolean(2)));
        }
        TableName[] closed = [.. names.Where(static n => !n.MayRead).Select(static n => n.Name)];
        if (closed.Length > 0)
        {
            throw new CdcException(FailureKind.SourceUnfit,
                $"Our role may not read {closed.Length} sequences of captured tables, among them {closed[0]}.",
                $"GRANT SELECT ON SEQUENCE {string.Join(", ", closed.Select(PostgresNames.Quote))} TO the role.");
        }
        List<SequenceState> states = [];
        foreach ((TableName name, _) in names)
        {
            if (await StateAsync(connection, name, cancellationToken).ConfigureAwait(false) is { } state)
                states.Add(state);
        }
        return states;
    }

    // A sequence that went since its name was read has no state.
    static async Task<SequenceState?> StateAsync(
        NpgsqlConnection connection, TableName name, CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlCommand command =
                new($"SELECT last_value, is_called FROM {PostgresNames.Quote(name)}", connection);
            await using NpgsqlDataReader row =
                await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await row.ReadAsync(cancellationToken).ConfigureAwait(false);
            return new(name, row.GetInt64(0), row.GetBoolean(1));
        }
        catch (PostgresException gone) when (gone.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return null;
        }
    }

    const string NamesQuery = """
        SELECT n.nspname::text, s.relname::text,
            pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(s.oid, 'SELECT')
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.refobjid = ANY ($1) AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
        ORDER BY 1, 2
        """;
}
