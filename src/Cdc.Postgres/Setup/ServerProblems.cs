using Cdc.Engine.Failures;

namespace Cdc.Postgres.Setup;

/// <summary>What about the server itself, and about our role on it, keeps a changefeed from starting.</summary>
internal static class ServerProblems
{
    public const int OldestMajor = 14;
    public const int NewestMajor = 18;
    const int StandbySlotsSince = 16;

    public static IEnumerable<Problem> Find(ServerFacts server, SlotFacts? slot, PostgresNames names)
    {
        if (server.Major < OldestMajor)
        {
            yield return Unfit($"The server is PostgreSQL {server.VersionText}; the oldest supported is {OldestMajor}.",
                "Upgrade the server.");
        }
        else if (server.Major > NewestMajor)
        {
            yield return Unfit($"The server is PostgreSQL {server.VersionText}; the newest tried is {NewestMajor}.",
                null)
                with { IsWarning = true };
        }
        if (server.IsPooled)
        {
            yield return Unfit("A connection pooler answers at this address, and a log is read from the server itself.",
                "Give the address of the server behind the pooler.");
        }
        if (server.WalLevel != "logical")
        {
            yield return Unfit($"wal_level is {server.WalLevel}, so the log does not hold what a changefeed needs.",
                "ALTER SYSTEM SET wal_level = 'logical'; then restart the server.");
        }
        foreach (Problem problem in Capacity(server, slot)) yield return problem;
        if (!server.MayReplicate)
        {
            string role = PostgresNames.Quote(server.Role);
            yield return Unfit($"Role {server.Role} may not read the log.",
                $"ALTER ROLE {role} REPLICATION; or on Amazon RDS: GRANT rds_replication TO {role};");
        }
        foreach (Problem problem in SlotProblems(server, slot, names)) yield return problem;
    }

    /// <summary>What a changefeed with event triggers is without spare publications.</summary>
    public static Problem NoSpares(ServerFacts server, PostgresNames names)
    {
        string role = PostgresNames.Quote(server.Role);
        return Unfit($"Role {server.Role} may not make or open spare publications, so the changefeed stops where two "
                + "transactions that are open at the same time make tables for longer than 5 s.",
            $"GRANT CREATE ON DATABASE {PostgresNames.Quote(server.Database)} TO {role}; and where they are there: "
            + $"ALTER PUBLICATION {PostgresNames.Quote(names.KeyedSpares[0])} OWNER TO {role}; and so for each.")
            with { IsWarning = true };
    }

    static IEnumerable<Problem> Capacity(ServerFacts server, SlotFacts? slot)
    {
        if (slot is null && server.SlotsUsed >= server.SlotsMax)
        {
            yield return Unfit($"All {server.SlotsMax} replication slots of the server are in use.",
                $"Drop one that nobody needs (cdc doctor lists them), or ALTER SYSTEM SET max_replication_slots = "
                + $"{server.SlotsMax + 4}; then restart the server.");
        }
        if (slot is not { ActivePid: > 0 } && server.SendersUsed >= server.SendersMax)
        {
            yield return Unfit($"All {server.SendersMax} WAL senders of the server are in use.",
                $"ALTER SYSTEM SET max_wal_senders = {server.SendersMax + 4}; then restart the server.");
        }
    }

    static IEnumerable<Problem> SlotProblems(ServerFacts server, SlotFacts? slot, PostgresNames names)
    {
        if (server.IsStandby && server.Major < StandbySlotsSince)
        {
            yield return Unfit($"This server is a standby, and PostgreSQL {server.Major} can't decode its log there.",
                "Give the address of the primary.");
        }
        else if (server.IsStandby)
        {
            yield return Unfit(
                "This server is a standby: publications must be made on the primary, and nothing marks an idle log.",
                null) with { IsWarning = true };
        }
        if (slot is null) yield break;
        if (slot.Database != server.Database || slot.Plugin != "pgoutput")
        {
            yield return Unfit($"Slot {names.Slot} belongs to database '{slot.Database}' and plugin '{slot.Plugin}'.",
                "Choose another --name.");
        }
    }

    static Problem Unfit(string sentence, string? fix) => new(FailureKind.SourceUnfit, sentence, fix);
}
