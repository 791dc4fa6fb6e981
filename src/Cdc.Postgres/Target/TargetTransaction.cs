using System.Globalization;
using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>Writes units, and commits them together with the progress. A transaction stays open over several units
/// where one step of the source is larger than one.</summary>
/// <remarks>One thread. After a failure the session is of no more use.</remarks>
internal sealed class TargetTransaction
{
    // Others' locks and deadlocks pass.
    const int PassingAttempts = 5;

    readonly TargetSession _session;
    readonly SinkClaimed _claimed;
    readonly TargetTables _tables;
    readonly Expectations _expectations = new();
    readonly UnitStatements _statements;
    readonly IMilestones _milestones;
    bool _isOpen;

    public TargetTransaction(
        TargetSession session, SinkClaimed claimed, TargetTables tables, PostgresSinkOptions options)
    {
        (_session, _claimed, _tables, _milestones) = (session, claimed, tables, options.Milestones);
        _statements = new(tables, _expectations, options.Existing is ExistingRows.Keep);
    }

    /// <summary>Rows were written and not committed: they can't be written again from what is in memory.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Writes a unit, and leaves the transaction open.</summary>
    public void Write(ChangeUnit unit) => Write(unit, null);

    /// <summary>Writes a unit and commits, so that everything up to <paramref name="at"/> is there.</summary>
    /// <returns>The end of the target's log behind the commit.</returns>
    public ulong Commit(ChangeUnit unit, CommitTs at)
    {
        bool isCommitted = !unit.IsEmpty && Write(unit, at);
        if (!isCommitted) isCommitted = TryCommit(at);
        Check.That(isCommitted);
        _isOpen = false;
        _statements.Ended();
        _tables.Kept([.. _tables.NotKept()]);
        return WalEnd;
    }

    // Whoever ends the process between two steps needs the steps to be apart.
    bool IsWatched => _milestones is not NoMilestones;

    /// <summary>End of the target's log, and how much of it is on disk, when last heard of.</summary>
    public ulong WalEnd { get; private set; }
    public ulong WalFlushed { get; private set; }

    /// <summary>Asks the server how much of its log is on disk.</summary>
    public ulong AskFlushed()
    {
        _session.Pipeline.Query(WalQuery);
        _session.Pipeline.Sync();
        TakeWal(_session.Pipeline.Answers[^1]);
        _expectations.Forget(_session.Pipeline);
        return WalFlushed;
    }

    /// <summary>Makes every commit so far durable: commits the progress once more, and waits for the disk.</summary>
    public void ForceFlush(CommitTs at)
    {
        Check.That(!_isOpen);
        PgPipeline pipeline = _session.Pipeline;
        pipeline.Query("BEGIN");
        pipeline.Query("SET LOCAL synchronous_commit = local");
        _expectations.Add(-1);
        _expectations.Add(-1);
        SendProgress(at);
        pipeline.Sync();
        Judge();
        WalFlushed = Math.Max(WalFlushed, WalEnd);
    }

    // Returns whether the commit is done too.
    bool Write(ChangeUnit unit, CommitTs? commitAt)
    {
        UnitPlan plan = new();
        _statements.Prepare(_session, unit);
        for (int attempt = 1; ; attempt++)
        {
            bool wasOpen = _isOpen;
            Begin();
            bool isInserts = _statements.Send(_session, unit, plan);
            // Where nothing is left to be looked at before the commit it goes along: one round trip for all.
            bool isWhole = isInserts && !wasOpen && commitAt is not null && !IsWatched;
            if (isWhole) SendProgress(commitAt!.Value);
            _session.Pipeline.Sync();
            PgAnswer wal = isWhole ? _session.Pipeline.Answers[^1] : default;
            Verdict? verdict = _expectations.Judge(_session.Pipeline);
            if (verdict is null)
            {
                if (isWhole) TakeWal(wal);
                _isOpen = true;
                return isWhole;
            }
            // A copy whose count is wrong is committed by now.
            if (isWhole && verdict.Answer.Error is null)
                throw verdict.ToException(_session.Connection.Endpoint, null);
            Undo(verdict, wasOpen, plan, attempt);
        }
    }

    void Begin()
    {
        if (_isOpen)
        {
            _session.Pipeline.Query("SAVEPOINT cdc_unit");
            _expectations.Add(-1);
            return;
        }
        _session.Pipeline.Query("BEGIN");
        // What the source allowed until its commit is allowed until ours.
        _session.Pipeline.Query("SET CONSTRAINTS ALL DEFERRED");
        _expectations.Add(-1);
        _expectations.Add(-1);
    }

    // Back to before the unit, and the next attempt does it otherwise; or there is none.
    void Undo(Verdict verdict, bool wasOpen, UnitPlan plan, int attempt)
    {
        if (verdict.IsFenced) throw TargetFailures.Fenced(_claimed.Changefeed);
        if (_session.Connection.TransactionStatus != 'I')
        {
            _session.Run(wasOpen ? "ROLLBACK TO SAVEPOINT cdc_unit" : "ROLLBACK");
        }
        if (!wasOpen) _statements.Ended();
        plan.Column ??= CopyColumn.Of(verdict);
        if (!TryAgain(verdict, plan, attempt))
            throw verdict.ToException(_session.Connection.Endpoint, plan.Column);
    }

    static bool TryAgain(Verdict verdict, UnitPlan plan, int attempt)
    {
        if (verdict.IsPassing) return attempt < PassingAttempts;
        if (!verdict.IsWorthOneByOne && !(verdict.IsForeignKey && !plan.IsAllOneByOne)) return false;
        if (verdict.IsForeignKey) plan.IsAllOneByOne = true;
        else plan.OneByOne(verdict.Expected.Table!);
        return true;
    }

    bool TryCommit(CommitTs at)
    {
        if (!_isOpen)
        {
            _session.Pipeline.Query("BEGIN");
            _expectations.Add(-1);
        }
        SendProgress(at);
        _session.Pipeline.Sync();
        Judge();
        return true;
    }

    void SendProgress(CommitTs at)
    {
        foreach (TableSchema version in _tables.NotKept())
        {
            _session.Pipeline.Query(ProgressSql.KeepVersion(_claimed.Changefeed, version));
            _expectations.Add(-1);
        }
        _session.Pipeline.Query(ProgressSql.Advance(_claimed.Changefeed, _claimed.Span, _claimed.Owner, at));
        if (IsWatched)
        {
            _session.Pipeline.Sync();
            _milestones.Reached(Milestone.TargetCommitting);
        }
        _session.Pipeline.Query("COMMIT");
        _session.Pipeline.Query(WalQuery);
        for (int i = 0; i < 3; i++) _expectations.Add(-1, at: at);
    }

    void Judge()
    {
        PgAnswer wal = _session.Pipeline.Answers[^1];
        Verdict? verdict = _expectations.Judge(_session.Pipeline);
        if (verdict is null)
        {
            TakeWal(wal);
            return;
        }
        if (verdict.IsFenced) throw TargetFailures.Fenced(_claimed.Changefeed);
        throw verdict.ToException(_session.Connection.Endpoint, null);
    }

    void TakeWal(PgAnswer answer)
    {
        if (answer.Cell?.Split(' ') is not [string end, string flushed]) return;
        WalEnd = ulong.Parse(end, CultureInfo.InvariantCulture);
        WalFlushed = ulong.Parse(flushed, CultureInfo.InvariantCulture);
    }

    const string WalQuery = "SELECT (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn) || ' ' "
        + "|| (pg_catalog.pg_current_wal_flush_lsn() - '0/0'::pg_lsn)";
}
