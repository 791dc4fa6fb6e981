using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Npgsql;
using NpgsqlTypes;

namespace Cdc.Postgres.Setup;

/// <summary>What of a cleanup our role may do. Asked before the first statement: half a cleanup is worse than
/// none.</summary>
/// <param name="Protected">Roles whose readers ours may not end.</param>
/// <param name="Superusers">Roles that are not granted to others lightly.</param>
internal sealed record CleanupRights(
    string Role, bool MayReplicate, ImmutableArray<string> Protected, ImmutableArray<string> Superusers)
{
    public static async Task<CleanupRights> ReadAsync(
        NpgsqlConnection connection, IEnumerable<SlotFacts> slots, CancellationToken cancellationToken)
    {
        ServerFacts server = await ServerFacts.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        // As pg_terminate_backend decides: a superuser's process only by a superuser.
        await using NpgsqlCommand command = new("""
            SELECT
                ARRAY(SELECT DISTINCT t.rolname::text
                    FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_roles t ON t.oid = a.usesysid
                    CROSS JOIN (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) me
                    WHERE a.pid = ANY ($1) AND NOT me.rolsuper AND (t.rolsuper OR NOT (
                        pg_catalog.pg_has_role(t.oid, 'USAGE')
                        OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')))),
                ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.rolsuper)
            """, connection);
        int[] readers = [.. slots.Where(static s => s.ActivePid > 0).Select(static s => s.ActivePid)];
        command.Parameters.Add(new() { Value = readers, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        return new(server.Role, server.MayReplicate,
            [.. row.GetFieldValue<string[]>(0)], [.. row.GetFieldValue<string[]>(1)]);
    }

    /// <summary>One sentence that names all that is missing, and what gives it; null if nothing is.</summary>
    /// <param name="plan">All statements of the cleanup, for a role that may.</param>
    public Problem? Refusal(
        ImmutableArray<SlotFacts> slots, ImmutableArray<PublicationFacts> publications, bool hasTriggers, bool force,
        IEnumerable<string> plan)
    {
        List<string> missing = [];
        List<string> grants = [];
        if (!MayReplicate && slots.Length > 0)
        {
            missing.Add($"may not drop {List("slot", slots.Select(static s => s.Name))}, which takes REPLICATION");
            grants.Add($"ALTER ROLE {PostgresNames.Quote(Role)} REPLICATION;");
        }
        if (force && Protected.Length > 0)
        {
            missing.Add($"may not end a reader of {List("role", Protected)}");
            grants.AddRange(Grants(Protected));
        }
        PublicationFacts[] foreign = [.. publications.Where(static p => !p.IsOwned)];
        if (foreign.Length > 0)
        {
            string[] owners = [.. foreign.Select(static p => p.Owner).Distinct()];
            missing.Add($"does not own {Publications(foreign)}, which takes {List("role", owners)}");
            grants.AddRange(Grants(owners));
        }
        if (hasTriggers && !Superusers.Contains(Role))
            missing.Add("may not drop event triggers, which takes a superuser");
        if (missing.Count == 0) return null;
        grants.Add($"{(grants.Count == 0 ? "As" : "Or as")} a role that may: {string.Join(' ', plan)}");
        return new(FailureKind.SourceUnfit, $"Role {Role} {string.Join(", and ", missing)}; nothing was dropped.",
            string.Join(' ', grants.Distinct()));
    }

    IEnumerable<string> Grants(IEnumerable<string> roles) => roles.Except(Superusers)
        .Select(owner => $"GRANT {PostgresNames.Quote(owner)} TO {PostgresNames.Quote(Role)};");

    static string Publications(PublicationFacts[] all)
    {
        string[] named = [.. all.Select(static p => p.Name).Where(static name => !PostgresNames.IsSpare(name))];
        int spares = all.Length - named.Length;
        return named.Length == 0 || spares == 0 ? List("publication", all.Select(static p => p.Name))
            : $"{List("publication", named)} and {spares} spare ones";
    }

    static string List(string what, IEnumerable<string> names)
    {
        string[] all = [.. names];
        return $"{what}{(all.Length > 1 ? "s" : "")} {string.Join(", ", all)}";
    }
}
