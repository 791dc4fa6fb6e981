using System.Threading.Channels;
using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cdc.Postgres.Snapshot;

/// <summary>What all parts of one snapshot have in common.</summary>
internal sealed record SnapshotShared(
    string Name, long Time, SnapshotNumbers Numbers, SnapshotWorkers Workers, RowBlockPool Pool, ILogger Logger);

/// <summary>Copies one part of one table, on a thread of its own.</summary>
internal sealed partial class PartReader(
    SnapshotShared shared, TableCopyPlan plan, int part, ChannelWriter<RowBatch> target)
{
    // Long enough for a short migration; then the wait is said and begins anew.
    const string LockTimeout = "5s";

    readonly RowWriter _writer = new(shared.Pool);
    int _left;

    /// <summary>Blocks until the part is handed over; completes the channel, with the failure if there is
    /// one.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        PgConnection? connection = null;
        try
        {
            connection = shared.Workers.Take(cancellationToken);
            using (cancellationToken.Register(connection.Cancel))
            {
                OpenLocked(connection);
                Copy(connection, cancellationToken);
                connection.Query("COMMIT");
            }
            // A cancellation that came between is a closed connection; the next user would find out.
            if (cancellationToken.IsCancellationRequested) connection.Dispose();
            else shared.Workers.GiveBack(connection);
            // The last block's own reference; the batches hold theirs.
            _writer.Abandon();
            target.Complete();
        }
        catch (Exception error)
        {
            connection?.Dispose();
            _writer.Abandon();
            target.Complete(error is CdcException failure ? Classify(failure) : error);
        }
    }

    /// <summary>Begins a transaction in the snapshot that holds the table's lock, and looks that the table is the one
    /// the snapshot saw.</summary>
    /// <remarks>The lock is the first of its transaction: while we wait for it, nobody waits for us.</remarks>
    void OpenLocked(PgConnection connection)
    {
        while (true)
        {
            connection.Query(SnapshotKeeper.Begin(shared.Name));
            try
            {
                connection.Query($"SET LOCAL lock_timeout = '{LockTimeout}'; {plan.Lock}");
                break;
            }
            catch (CdcException failure) when (StateOf(failure) == PostgresErrorCodes.LockNotAvailable)
            {
                LogLocked(shared.Logger, plan.Schema.Name);
                connection.Query("ROLLBACK");
            }
        }
        connection.Query("SET LOCAL lock_timeout = 0");
        PgRows found = connection.Query(plan.Check);
        if (found.Count != 1 || found[0][0] != "t")
            throw Stopped("was dropped or renamed before it was copied");
        if (found[0][1] != "t")
            throw Stopped("was rewritten by DDL before it was copied");
    }

    void Copy(PgConnection connection, CancellationToken cancellationToken)
    {
        using PgCopyOut copy = connection.CopyOut(plan.Copy(part));
        int columns = plan.Schema.Columns.Length;
        long rows = 0;
        while (copy.Read(out ReadOnlySpan<byte> line) == PgRead.Data)
        {
            if (_left-- == 0) NextNumbers();
            _writer.StartRow(plan.Schema, Op.Snapshot);
            CopyRow.Write(line, columns, _writer);
            _writer.EndRow();
            rows++;
            if (_writer.Completed.Count > 0) HandOver(cancellationToken);
        }
        if (copy.RowsSent != rows)
            throw new CdcException(FailureKind.ProtocolViolation,
                $"A copy of {plan.Schema.Name} ended with rows missing.");
        _writer.Close();
        _writer.Seal();
        HandOver(cancellationToken);
    }

    void NextNumbers()
    {
        (CommitTs ts, uint first) = shared.Numbers.Take();
        _writer.Close();
        _writer.Begin(new(ts, shared.Time, 0), first);
        _left = SnapshotNumbers.Run - 1;
    }

    void HandOver(CancellationToken cancellationToken)
    {
        List<RowBatch> batches = _writer.Completed;
        while (batches.Count > 0)
        {
            RowBatch next = batches[0];
            while (!target.TryWrite(next))
            {
                // Blocks this thread, which is ours: the copy waits for whoever takes its rows.
                bool goesOn = target.WaitToWriteAsync(cancellationToken).AsTask().GetAwaiter().GetResult();
                Check.That(goesOn);
            }
            batches.RemoveAt(0);
        }
    }

    CdcException Classify(CdcException failure) => StateOf(failure) switch
    {
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName
            or PostgresErrorCodes.UndefinedColumn => Stopped("was altered before it was copied"),
        PostgresErrorCodes.InsufficientPrivilege => new(FailureKind.SourceUnfit,
            $"Table {plan.Schema.Name} can't be read whole: SELECT is missing, or row-level security hides rows.",
            $"GRANT SELECT ON {PostgresNames.Quote(plan.Schema.Name)}, give the role BYPASSRLS, or --exclude it.",
            failure),
        PostgresErrorCodes.InvalidParameterValue or PostgresErrorCodes.ObjectNotInPrerequisiteState =>
            new(FailureKind.SourceUnreachable, "The snapshot ended with the connection that held it.", null, failure),
        _ => failure,
    };

    CdcException Stopped(string why) => new(FailureKind.TableStopped, $"Table {plan.Schema.Name} {why}.",
        "It is copied again from a new snapshot; if it is gone for good, --exclude it.");

    static string? StateOf(CdcException failure) => PgServerError.Of(failure)?.SqlState;
}
