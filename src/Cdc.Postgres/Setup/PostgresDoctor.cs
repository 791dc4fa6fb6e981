using System.Collections.Immutable;
using Cdc.Engine.Sources;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Whether our role may do all that one way of working needs.</summary>
/// <param name="Name"><c>rows</c>, or <c>rows and DDL</c>.</param>
/// <param name="Missing">What is missing, each as a sentence with the statement that gives it; empty if nothing
/// is.</param>
public sealed record PrivilegeLevel(string Name, string Needs, ImmutableArray<string> Missing)
{
    public bool IsReached => Missing.IsEmpty;
}

/// <summary>A transaction that the making of a slot would wait for.</summary>
public sealed record OpenTransaction(int Pid, string Role, string Application, string Since);

/// <summary>What <c>cdc doctor</c> tells besides the facts of one source.</summary>
/// <param name="Slots">Every slot of the server that begins with cdc_.</param>
/// <param name="Publications">Every publication of the database that begins with cdc_.</param>
/// <param name="Transactions">Open transactions that write, oldest first.</param>
/// <param name="NotCarried">What a target of this database will lack.</param>
public sealed record DoctorFacts(
    ImmutableArray<SlotFacts> Slots, ImmutableArray<string> Publications, ImmutableArray<PrivilegeLevel> Levels,
    ImmutableArray<OpenTransaction> Transactions, ImmutableArray<NotCarried> NotCarried);

/// <summary>Looks at what our changefeeds hold on a server, and at what our role may do. Changes nothing.</summary>
public static class PostgresDoctor
{
    public static async Task<DoctorFacts> LookAsync(PostgresAddress address, CancellationToken cancellationToken)
    {
        ControlConnections connections = new(address);
        await using (connections.ConfigureAwait(false))
        {
            return await connections.RunAsync(0, static (_, connection, token) =>
                LookAsync(connection, token), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Asks only which database an address means.</summary>
    public static async Task<SourceIdentity> IdentifyAsync(PostgresAddress address, CancellationToken cancellationToken)
    {
        ControlConnections connections = new(address);
        await using (connections.ConfigureAwait(false))
        {
            ServerFacts server = await connections.RunAsync(0, static (_, connection, token) =>
                ServerFacts.ReadAsync(connection, token), cancellationToken)
                .ConfigureAwait(false);
            return server.Identity;
        }
    }

    static async Task<DoctorFacts> LookAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        string pattern = SlotFacts.LikeExactly(PostgresNames.Prefix) + "%";
        ServerFacts server = await ServerFacts.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        ImmutableArray<PublicationFacts> publications =
            await PublicationFacts.ReadAsync(connection, pattern, cancellationToken).ConfigureAwait(false);
        return new(
            await SlotFacts.ReadAsync(connection, pattern, cancellationToken).ConfigureAwait(false),
            [.. publications.Select(static p => p.Name)],
            await LevelsAsync(connection, server, cancellationToken).ConfigureAwait(false),
            await TransactionsAsync(connection, cancellationToken).ConfigureAwait(false),
            await NotCarried.ReadAsync(connection, cancellationToken).ConfigureAwait(false));
    }

    static async Task<ImmutableArray<PrivilegeLevel>> LevelsAsync(
        NpgsqlConnection connection, ServerFacts server, CancellationToken cancellationToken)
    {
        string role = PostgresNames.Quote(server.Role);
        List<string> rows = [];
        if (!server.MayReplicate)
            rows.Add($"Role {server.Role} may not read the log: ALTER ROLE {role} REPLICATION;");
        if (!server.MayCreate)
        {
            rows.Add($"Role {server.Role} may not create publications: "
                + $"GRANT CREATE ON DATABASE {PostgresNames.Quote(server.Database)} TO {role};");
        }
        await using NpgsqlCommand command = new(
            "SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user", connection);
        bool isSuperuser = (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        List<string> definitions = [.. rows];
        if (!isSuperuser)
            definitions.Add($"Role {server.Role} may not create event triggers, which takes a superuser.");
        return
        [
            new("rows", "REPLICATION, CREATE on the database, ownership of the tables and SELECT on them", [.. rows]),
            new("rows and DDL", "the same, and the right to create event triggers", [.. definitions]),
        ];
    }

    // Only transactions that have a number are waited for; those that only read are not.
    static async Task<ImmutableArray<OpenTransaction>> TransactionsAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new("""
            SELECT a.pid, COALESCE(a.usename::text, ''), COALESCE(a.application_name, ''),
                COALESCE(pg_catalog.to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS'), '')
            FROM pg_catalog.pg_stat_activity a
            WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()
            ORDER BY a.xact_start LIMIT 20
            """, connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        ImmutableArray<OpenTransaction>.Builder found = ImmutableArray.CreateBuilder<OpenTransaction>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            found.Add(new(row.GetInt32(0), row.GetString(1), row.GetString(2), row.GetString(3)));
        return found.DrainToImmutable();
    }
}
