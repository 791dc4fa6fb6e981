using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>The thread that writes: collects what waits into units, writes and commits them, and says what is
/// durable.</summary>
/// <remarks>
/// While more waits, a unit grows up to its bound; when nothing waits, what is resolved is committed at once. So a
/// target that lags gets few large transactions, and one that does not gets each at once. Of a transaction only
/// whole steps are committed: rows before the last position are complete, since positions rise.
/// </remarks>
internal sealed class TargetWriter : IDisposable
{
    // How long an asynchronous commit may lie about before we look again; the server's own writer takes 200 ms.
    static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(50);

    readonly PostgresSinkOptions _options;
    readonly TargetInbox _inbox;
    readonly TargetLink _link;
    readonly DurableBatches _durable = new();
    readonly Thread _thread;
    ChangeUnit _unit = new();
    CommitTs _resolved;
    CommitTs _committed;
    CommitTs _open;

    public TargetWriter(PostgresSinkOptions options, TargetInbox inbox, TargetLink link)
    {
        (_options, _inbox, _link) = (options, inbox, link);
        _resolved = _committed = link.Position;
        _thread = new(Run) { IsBackground = true, Name = "cdc target" };
        _thread.Start();
    }

    /// <summary>The session, for work that was put in as a call.</summary>
    public TargetLink Link => _link;

    /// <summary>Within a call that has written its position itself.</summary>
    public void Executed(CommitTs at) => _resolved = _committed = CommitTs.Max(_committed, at);

    public void Dispose()
    {
        _inbox.Close(null);
        _link.Cancel();
        _thread.Join();
        _unit.Release();
        _link.Dispose();
    }

    void Run()
    {
        try
        {
            while (!_inbox.IsClosed) Step();
        }
        catch (OperationCanceledException) when (_inbox.IsClosed)
        {
            // Disposed while it waited for the server.
        }
        catch (Exception failure)
        {
            _inbox.Close(failure is CdcException expected ? TargetFailures.From(expected) : failure);
        }
    }

    void Step()
    {
        TargetWork? work = _inbox.Take(_durable.HasUnflushed ? LookPause : Timeout.InfiniteTimeSpan);
        switch (work)
        {
            case TargetWork.Rows rows:
                _durable.Add(rows.Batch.LastTs, rows.Acknowledgement);
                _unit.Add(rows.Batch);
                if (_unit.Bytes >= _options.BatchBytes) WriteFull();
                break;
            case TargetWork.Resolve resolve:
                _resolved = CommitTs.Max(_resolved, resolve.At);
                break;
            case TargetWork.Call call:
                Do(call);
                return;
            case null:
                if (!_inbox.IsClosed) Flushed(_link.AskFlushed());
                return;
        }
        if (_inbox.IsEmpty) CommitResolved();
    }

    void Do(TargetWork.Call call)
    {
        try
        {
            CommitResolved();
            if (_open > _committed) WaitForDisk();
            else if (_durable.HasUnflushed || _resolved > _committed)
            {
                _committed = CommitTs.Max(_committed, _resolved);
                ulong wal = _link.ForceFlush(_committed);
                _durable.Committed(_committed, wal);
                Flushed(wal);
            }
            call.Work();
            call.Done.SetResult();
        }
        catch (Exception failure)
        {
            call.Done.SetException(failure is CdcException expected ? TargetFailures.From(expected) : failure);
            throw;
        }
    }

    // A part of a step is written and must not be committed, so the disk can't be asked for by a commit.
    void WaitForDisk()
    {
        while (_durable.HasUnflushed)
        {
            Flushed(_link.AskFlushed());
            if (_durable.HasUnflushed) Thread.Sleep(LookPause);
        }
    }

    // Whatever is whole is committed; what may still go on begins the next unit, unless it alone fills one.
    void WriteFull()
    {
        CommitTs whole = CommitTs.Max(_resolved, _unit.Last.Previous);
        ChangeUnit rest = _unit.CutBehind(whole);
        if (!_unit.IsEmpty) Commit(_unit, whole);
        _unit = rest;
        if (_unit.Bytes < _options.BatchBytes) return;
        _link.Write(_unit);
        _open = _unit.Last;
        Drop(_unit);
        _unit = new();
    }

    void CommitResolved()
    {
        bool hasOpen = _open > _committed && _open <= _resolved;
        if (!hasOpen && (_unit.IsEmpty || _unit.First > _resolved)) return;
        ChangeUnit rest = _unit.CutBehind(_resolved);
        Commit(_unit, _resolved);
        _unit = rest;
    }

    void Commit(ChangeUnit unit, CommitTs at)
    {
        Check.That(at > _committed);
        ulong walEnd = _link.Commit(unit, at);
        _committed = at;
        Drop(unit);
        _durable.Committed(at, walEnd);
        Flushed(_link.WalFlushed);
    }

    void Flushed(ulong wal) => _durable.Flushed(wal);

    void Drop(ChangeUnit unit)
    {
        unit.Release();
        _inbox.Leave(unit.Bytes);
    }
}
