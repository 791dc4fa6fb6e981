using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>Readies tables for being copied, and ends copies. Blocks.</summary>
internal sealed class CopyTarget(SinkClaimed claimed, ExistingRows existing, TableMaker maker)
{
    /// <summary>Makes the table, or empties it, or refuses; and records that its copy has begun.</summary>
    /// <returns>The table, and whether rows in it stay.</returns>
    public (TargetTable Table, bool Keeps) Begin(TargetSession session, TableSchema schema, CommitTs at)
    {
        session.Run("BEGIN");
        try
        {
            HoldClaim(session);
            bool keeps = Ready(session, schema);
            session.Run("COMMIT");
            return (TargetTableReader.Read(session.Connection, schema, at), keeps);
        }
        catch (CdcException failure) when (!TargetFailures.IsLost(failure))
        {
            if (session.Connection.TransactionStatus != 'I') session.Run("ROLLBACK");
            throw;
        }
    }

    /// <summary>All rows are there: makes what is quicker to make now, and records that the copy is complete.</summary>
    public void Complete(TargetSession session, TableSchema schema, CommitTs at)
    {
        bool isMade = session.Run(ProgressSql.CopyBegun(claimed.Changefeed, schema)).Cell == "t";
        session.Run("BEGIN");
        try
        {
            if (isMade) maker.Finish(session, schema);
            HoldClaim(session);
            session.Run("SET LOCAL synchronous_commit = local");
            session.Run(ProgressSql.EndCopy(claimed.Changefeed, schema, at));
            session.Run(ProgressSql.KeepVersion(claimed.Changefeed, schema));
            session.Run("COMMIT");
        }
        catch (CdcException failure) when (!TargetFailures.IsLost(failure))
        {
            session.Run("ROLLBACK");
            throw PgServerError.Of(failure) is { } error
                ? TargetFailures.Refused(error, schema.Name, at, null)
                : failure;
        }
        session.Run($"ANALYZE {PostgresNames.Quote(schema.Name)}");
    }

    bool Ready(TargetSession session, TableSchema schema)
    {
        string name = PostgresNames.Quote(schema.Name);
        string? begun = session.Run(ProgressSql.CopyBegun(claimed.Changefeed, schema)).Cell;
        bool isThere = TargetTableReader.Exists(session.Connection, schema.Name);
        // What an earlier attempt made may have a shape that the source's table no longer has.
        if (isThere && begun == "t")
        {
            session.Run($"DROP TABLE {name}");
            isThere = false;
        }
        bool keeps = false;
        if (!isThere) maker.Create(session, schema);
        else if (HasRows(session, name)) keeps = Clear(session, schema, name, isOurs: begun is not null);
        session.Run(ProgressSql.BeginCopy(claimed.Changefeed, schema, isMade: !isThere));
        return keeps;
    }

    bool Clear(TargetSession session, TableSchema schema, string name, bool isOurs)
    {
        if (existing is ExistingRows.Keep) return true;
        if (existing is ExistingRows.Refuse && !isOurs) throw NotEmpty(schema.Name);
        session.Run("SAVEPOINT cdc_clear");
        try
        {
            session.Run($"TRUNCATE ONLY {name}");
        }
        catch (CdcException refused) when (PgServerError.Of(refused)?.SqlState == "0A000")
        {
            // Another table refers to it.
            session.Run("ROLLBACK TO SAVEPOINT cdc_clear");
            session.Run($"DELETE FROM ONLY {name}");
        }
        return false;
    }

    static bool HasRows(TargetSession session, string name) =>
        session.Run($"SELECT EXISTS (SELECT FROM ONLY {name})").Cell == "t";

    public static CdcException NotEmpty(TableName table) => new(FailureKind.SinkUnfit,
        $"Table {table} of the target holds rows already.",
        "Choose --existing keep (they stay, rows with the same key take the source's values) or --existing truncate "
        + "(the table is emptied first), or another target.");

    void HoldClaim(TargetSession session)
    {
        try
        {
            session.Run(ProgressSql.Hold(claimed));
        }
        catch (CdcException refused) when (PgServerError.Of(refused)?.SqlState == ProgressSql.FencedState)
        {
            throw TargetFailures.Fenced(claimed.Changefeed);
        }
    }
}
