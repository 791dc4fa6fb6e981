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
        var publications = await PublicationFacts.ReadAsync(
            connection, SlotFacts.LikeExactly(names.Keyed) + "%", cancellationToken).ConfigureAwait(false);
        PublicationFacts? keyed = publications.FirstOrDefault(p => p.Name == names.Keyed);
        PublicationFacts? inserts = publications.FirstOrDefault(p => p.Name == names.InsertOnly);
        return tables.All(table => keyed?.Tables.Contains(table.Oid) == true || (!table.CanUpdate && inserts is not null
            && (inserts.Tables.Contains(table.Oid) || inserts.Schemas.Contains(table.Name.Schema))));
    }
}
