using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>A PostgreSQL database (14 to 18) that stays equal to the source, each change in it once.</summary>
/// <remarks>
/// Its progress is in schema <c>cdc</c>, written in the transactions that write the rows: after a crash of anything it
/// goes on behind the last of them. Many transactions of the source become one, never a part of a step.
/// Flushed: the target's own log is on its disk; commits do not wait for that.
/// </remarks>
public sealed class PostgresSink : ISink
{
    readonly PostgresSinkOptions _options;
    readonly TargetSessions _sessions;
    readonly FirstSession _first;
    readonly CopyLanes _lanes;
    readonly ProgressStore _store;
    readonly RowKeeper _keeper = new(new());
    readonly TargetInbox _inbox = new(Limits.SinkBytesInFlight);
    readonly Lock _making = new();
    SinkClaimed? _claimed;
    TargetWriter? _writer;
    BlockWriter? _blocks;

    public PostgresSink(PostgresSinkOptions options)
    {
        _options = options;
        _sessions = new(options);
        _first = new(_sessions);
        _lanes = new(_sessions);
        _store = new(options.Name);
    }

    public async ValueTask PrepareAsync(CancellationToken cancellationToken) =>
        await Task.Run(() => _first.Prepare(cancellationToken), cancellationToken).ConfigureAwait(false);

    public ValueTask<IReadOnlyList<Problem>> InspectAsync(CancellationToken cancellationToken) =>
        LookAsync(session => TargetProblems.Of(session, source: null, _options), cancellationToken);

    public ValueTask<IReadOnlyList<Problem>> InspectAsync(SourceFacts source, CancellationToken cancellationToken) =>
        LookAsync(session => TargetProblems.Of(session, source, _options), cancellationToken);

    public IReadOnlyList<string> Plan =>
    [
        .. ProgressSql.Create, "CREATE TABLE … for each table that is not there, then its rows, keys and indexes",
        "foreign keys and partitions of all tables, when all rows are there",
    ];

    public ValueTask<SinkProgress?> ProgressAsync(CancellationToken cancellationToken) =>
        LookAsync(session => _store.Read(session.Connection), cancellationToken);

    public async ValueTask<SinkProgress?> ClaimAsync(SinkClaim claim, CancellationToken cancellationToken)
    {
        (TargetSession session, SinkProgress progress) = await RunAsync(() => Claim(claim), cancellationToken)
            .ConfigureAwait(false);
        _claimed = new(claim.Changefeed, claim.Span, claim.Owner);
        TargetLink link = new(_options, _sessions, _claimed, session, progress.Position);
        _blocks = new(link, _options);
        _writer = new(_options, _inbox, link);
        return progress;
    }

    public async ValueTask<ITableCopy> CopyAsync(TableSchema table, CommitTs at, CancellationToken cancellationToken)
    {
        SinkClaimed claimed = Claimed;
        CopyTarget target = new(claimed, _options.Existing, _writer!.Link.Maker);
        return await RunAsync(() =>
        {
            TargetSession session = _lanes.Take();
            try
            {
                // Tables may share a schema or a type, which one of them makes.
                TargetTable made;
                bool keeps;
                lock (_making) (made, keeps) = target.Begin(session, table, at);
                _lanes.GiveBack(session);
                return new TargetCopy(_lanes, claimed, target, made, at, keeps);
            }
            catch
            {
                _lanes.End(session);
                throw;
            }
        }, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask FinishCopiesAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        await RunAsync(() =>
        {
            TargetSession session = _lanes.Take();
            session.Run("BEGIN");
            _writer!.Link.Maker.Tie(session, tables, _store.ReadCopied(session.Connection));
            session.Run("COMMIT");
            _lanes.GiveBack(session);
            _lanes.EndIdle();
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask SetSequencesAsync(
        IReadOnlyList<SequenceState> sequences, CancellationToken cancellationToken) =>
        await CallAsync(writer => writer.Link.Do(session => SequenceSql.Set(session, sequences), null),
            cancellationToken).ConfigureAwait(false);

    public async ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken)
    {
        Engine.Check.That(_writer is not null);
        for (int i = 0; i < batches.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RowBatch batch = batches.Span[i];
            await _inbox.EnterAsync(batch.ByteCount, cancellationToken).ConfigureAwait(false);
            RowBatch kept = _keeper.Keep(batch);
            Acknowledgement acknowledgement = batch.Acknowledgement;
            batch.Release();
            _inbox.Put(new TargetWork.Rows(kept, acknowledgement));
            acknowledgement.Enqueued();
        }
    }

    public ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken)
    {
        _inbox.Put(new TargetWork.Resolve(resolved.Ts));
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => CallAsync(static _ => { }, cancellationToken);

    public async ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken)
    {
        BlockOutcome outcome = default;
        await CallAsync(writer =>
        {
            outcome = _blocks!.Execute(change);
            writer.Executed(change.Block.Id.At);
        }, cancellationToken).ConfigureAwait(false);
        return outcome;
    }

    public async ValueTask DisposeAsync()
    {
        _inbox.Close(null);
        _first.Dispose();
        if (_writer is { } writer) await Task.Run(writer.Dispose).ConfigureAwait(false);
        _lanes.Dispose();
        _keeper.Dispose();
    }

    SinkClaimed Claimed => _claimed ?? throw new InvariantBrokenException("A target is claimed before it is written.");

    (TargetSession Session, SinkProgress Progress) Claim(SinkClaim claim)
    {
        TargetSession session = _first.Take(default);
        try
        {
            TargetProblems.ThrowIfSame(session, claim.Source);
            return (session, _store.Claim(session.Connection, claim));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    async ValueTask CallAsync(Action<TargetWriter> work, CancellationToken cancellationToken)
    {
        Engine.Check.That(_writer is not null);
        TargetWriter writer = _writer;
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _inbox.Put(new TargetWork.Call(() => work(writer), done));
        await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    ValueTask<T> LookAsync<T>(Func<TargetSession, T> look, CancellationToken cancellationToken) => RunAsync(() =>
    {
        TargetSession session = _first.Take(cancellationToken);
        bool isGood = false;
        try
        {
            T found = look(session);
            isGood = _claimed is null;
            return found;
        }
        finally
        {
            if (isGood) _first.GiveBack(session);
            else session.Dispose();
        }
    }, cancellationToken);

    static async ValueTask<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(work, cancellationToken).ConfigureAwait(false);
        }
        catch (CdcException failure)
        {
            throw TargetFailures.From(failure);
        }
    }
}
