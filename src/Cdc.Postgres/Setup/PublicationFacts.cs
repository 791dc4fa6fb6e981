using System.Collections.Immutable;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>One publication as it is.</summary>
/// <param name="Publish">The operations, in the order and form that <c>publish</c> is written.</param>
/// <param name="IsForeign">Somebody made it publish other things than whole tables and schemas: all tables, some rows
/// or columns, or through partitioned roots.</param>
internal sealed record PublicationFacts(
    string Name, string Publish, bool IsForeign, bool IsOwned, ImmutableHashSet<uint> Tables)
{
    /// <summary>Schemas of which every table is published, also those made later.</summary>
    public ImmutableHashSet<string> Schemas { get; init; } = [];

    /// <summary>The role that owns it.</summary>
    public string Owner { get; init; } = "";

    /// <summary>Those of one changefeed.</summary>
    public static async Task<ImmutableArray<PublicationFacts>> ReadAsync(
        NpgsqlConnection connection, PostgresNames names, CancellationToken cancellationToken)
    {
        string pattern = SlotFacts.LikeExactly(names.Keyed) + "%";
        ImmutableHashSet<string> ours = [.. names.Publications];
        return [.. (await ReadAsync(connection, pattern, cancellationToken).ConfigureAwait(false))
            .Where(p => ours.Contains(p.Name))];
    }

    /// <summary>Those whose names match a LIKE pattern.</summary>
    public static async Task<ImmutableArray<PublicationFacts>> ReadAsync(
        NpgsqlConnection connection, string pattern, CancellationToken cancellationToken)
    {
        bool hasLists = connection.PostgreSqlVersion.Major >= 15;
        await using NpgsqlCommand command = new(Query(hasLists), connection);
        command.Parameters.Add(new() { Value = pattern });
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        ImmutableArray<PublicationFacts>.Builder found = ImmutableArray.CreateBuilder<PublicationFacts>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            found.Add(new(
                row.GetString(0), row.GetString(1), row.GetBoolean(2), row.GetBoolean(3),
                row.IsDBNull(4) ? [] : [.. row.GetFieldValue<uint[]>(4)])
            {
                Schemas = row.IsDBNull(5) ? [] : [.. row.GetFieldValue<string[]>(5)],
                Owner = row.GetString(6),
            });
        }
        return found.DrainToImmutable();
    }

    static string Query(bool hasLists) => $"""
        SELECT p.pubname::text,
            pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
            p.puballtables OR p.pubviaroot {(hasLists ? ListedParts : "")},
            pg_catalog.pg_has_role(p.pubowner, 'USAGE'),
            (SELECT pg_catalog.array_agg(r.prrelid) FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid),
            {(hasLists ? ListedSchemas : "NULL::text[]")},
            pg_catalog.pg_get_userbyid(p.pubowner)::text
        FROM pg_catalog.pg_publication p
        WHERE p.pubname::text LIKE $1
        ORDER BY 1
        """;

    const string ListedSchemas = """
        (SELECT pg_catalog.array_agg(n.nspname::text) FROM pg_catalog.pg_publication_namespace s
            JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid)
        """;

    const string ListedParts = """
        OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel r
            WHERE r.prpubid = p.oid AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL))
        """;
}
