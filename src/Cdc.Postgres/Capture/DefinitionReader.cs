using System.Collections.Immutable;
using Cdc.Postgres.Catalog;
using Cdc.Postgres.Setup;
using Npgsql;
using NpgsqlTypes;

namespace Cdc.Postgres.Capture;

/// <summary>Asks for definitions over one of our own connections, whose settings are those of the triggers'
/// functions.</summary>
internal static class DefinitionReader
{
    /// <summary>The tables with these numbers; those that are gone are left out.</summary>
    public static async Task<Dictionary<uint, CapturedTable>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyCollection<uint> oids, CancellationToken cancellationToken)
    {
        Dictionary<uint, CapturedTable> tables = [];
        await using NpgsqlCommand command =
            new($"SELECT d.oid, d.definition::text FROM ({DefinitionQuery.Text}) AS d", connection);
        command.Parameters.Add(new() { Value = oids.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid });
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            tables[row.GetFieldValue<uint>(0)] =
                CapturedTable.Parse(System.Text.Encoding.UTF8.GetBytes(row.GetString(1)));
        }
        return tables;
    }

    /// <summary>Tables that match and are not published as they should be, in what the connection's transaction
    /// sees.</summary>
    public static async Task<bool> IsAllPublishedAsync(
        NpgsqlConnection connection, PostgresNames names, IEnumerable<CatalogTable> tables,
        CancellationToken cancellationToken)
    {
        ImmutableArray<PublicationFacts> all =
            await PublicationFacts.ReadAsync(connection, names, cancellationToken).ConfigureAwait(false);
        PublicationFamily keyed = new(names.Keyed, PublicationPlan.PublishAll, names.KeyedSpares, all);
        PublicationFamily inserts = new(names.InsertOnly, PublicationPlan.PublishInserts, names.InsertSpares, all);
        (ImmutableHashSet<uint> updates, ImmutableHashSet<uint> others) = (keyed.Tables, inserts.Tables);
        ImmutableHashSet<string> schemas = inserts.Schemas;
        return tables.All(table => updates.Contains(table.Oid)
            || (!table.CanUpdate && (others.Contains(table.Oid) || schemas.Contains(table.Name.Schema))));
    }
}
