using System.Collections.Immutable;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>One publication as it is.</summary>
/// <param name="Publish">The operations, in the order and form that <c>publish</c> is written.</param>
/// <param name="IsForeign">Somebody made it publish other things than a list of whole tables: all tables, schemas, some
/// rows or columns, or through partitioned roots.</param>
internal sealed record PublicationFacts(
    string Name, string Publish, bool IsForeign, bool IsOwned, ImmutableHashSet<uint> Tables)
{
    /// <summary>The role that owns it.</summary>
    public string Owner { get; init; } = "";

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
                Owner = row.GetString(5),
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
            pg_catalog.pg_get_userbyid(p.pubowner)::text
        FROM pg_catalog.pg_publication p
        WHERE p.pubname::text LIKE $1
        ORDER BY 1
        """;

    const string ListedParts = """
        OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid)
        OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel r
            WHERE r.prpubid = p.oid AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL))
        """;
}
