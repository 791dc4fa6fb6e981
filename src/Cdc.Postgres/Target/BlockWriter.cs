using Cdc.Engine;
using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Target.Ddl;
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
            BlockOutcome outcome = change switch
            {
                TruncateEvent truncate => Truncate(session, truncate),
                DdlEvent ddl => DdlExecutor.Execute(session.Connection, ddl, link.Maker.Ddl, link.Maker.Ended),
                _ => throw new InvariantBrokenException("Every kind of block event is handled."),
            };
            Advance(session, at);
            options.Milestones.Reached(Milestone.DdlCommitting);
            session.Run("COMMIT");
            options.Milestones.Reached(Milestone.DdlCommitted);
            return outcome;
        }
        catch (CdcException failure) when (!TargetFailures.IsLost(failure))
        {
            session.Run("ROLLBACK");
            throw;
        }
    }

    BlockOutcome Truncate(TargetSession session, TruncateEvent truncate)
    {
        string record = ProgressSql.RecordBlock(link.Claimed.Changefeed, truncate.Block.Id.At, "TRUNCATE");
        if (session.Run(record).Rows == 0) return BlockOutcome.AlreadyRecorded;
        // One that the target does not have yet had no rows.
        TableName[] there = [.. truncate.Tables.Select(static table => table.Name)
            .Where(name => TargetTableReader.Exists(session.Connection, name))];
        if (there.Length > 0) session.Run(Statement(truncate, there));
        return BlockOutcome.Written;
    }

    // All at once: one that another refers to can't be emptied alone.
    static string Statement(TruncateEvent truncate, TableName[] there)
    {
        string tables = string.Join(", ", there.Select(static name => $"ONLY {PostgresNames.Quote(name)}"));
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
