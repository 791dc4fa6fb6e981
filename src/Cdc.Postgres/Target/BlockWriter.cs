using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Postgres.Setup;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>Does block events, each in a transaction of its own together with its record and the progress: so it
/// happens once.</summary>
internal sealed class BlockWriter(TargetLink link, PostgresSinkOptions options)
{
    /// <summary>On the writer's thread.</summary>
    public BlockOutcome Execute(BlockChange change)
    {
        CommitTs at = change.Block.Id.At;
        BlockOutcome outcome = BlockOutcome.Written;
        link.Do(session => outcome = Execute(session, change, at), at);
        link.Tables.Forget();
        return outcome;
    }

    BlockOutcome Execute(TargetSession session, BlockChange change, CommitTs at)
    {
        SinkClaimed claimed = link.Claimed;
        session.Run("BEGIN");
        try
        {
            session.Run("SET LOCAL synchronous_commit = local");
            string tag = change is DdlEvent ddl ? ddl.Tag : "TRUNCATE";
            bool isNew = session.Run(ProgressSql.RecordBlock(claimed.Changefeed, at, tag)).Rows == 1;
            if (isNew) Change(session, change);
            Advance(session, at);
            session.Run("COMMIT");
            return isNew ? BlockOutcome.Written : BlockOutcome.AlreadyRecorded;
        }
        catch (CdcException failure) when (!TargetFailures.IsLost(failure))
        {
            session.Run("ROLLBACK");
            throw;
        }
    }

    void Change(TargetSession session, BlockChange change)
    {
        if (change is TruncateEvent truncate) session.Run(Truncate(truncate));
        else if (options.Ddl is not DdlMode.Ignore)
        {
            throw new CdcException(FailureKind.TableStopped,
                $"The target does not do {((DdlEvent)change).Tag} yet, which comes at {change.Stamp.Ts}.",
                "Do it by hand and run with --ddl ignore.");
        }
    }

    // All at once: one that another refers to can't be emptied alone.
    static string Truncate(TruncateEvent truncate)
    {
        string tables = string.Join(", ", truncate.Tables.Select(static t => $"ONLY {PostgresNames.Quote(t.Name)}"));
        return $"TRUNCATE {tables}{(truncate.RestartIdentity ? " RESTART IDENTITY" : "")}"
            + (truncate.Cascade ? " CASCADE" : "");
    }

    void Advance(TargetSession session, CommitTs at)
    {
        SinkClaimed claimed = link.Claimed;
        try
        {
            session.Run(ProgressSql.Advance(claimed.Changefeed, claimed.Span, claimed.Owner, at));
        }
        catch (CdcException refused) when (
            Wire.PgServerError.Of(refused)?.SqlState == ProgressSql.FencedState)
        {
            throw TargetFailures.Fenced(claimed.Changefeed);
        }
    }
}
