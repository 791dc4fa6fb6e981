using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Embedded.Tests.Running;

/// <summary>A target that keeps its position together with its rows, and fails where the test says. Only the sink that
/// claimed it last can commit.</summary>
sealed class RecordingTarget(Journal journal)
{
    readonly Dictionary<TableId, CommitTs> _copied = [];
    int _sinks;

    /// <summary>Positions of the rows of the stream, as often as they are there.</summary>
    public List<CommitTs> Rows { get; } = [];

    public CommitTs Position { get; set; }

    public Owner Owner { get; set; }

    /// <summary>Called with the position of a row before it is taken.</summary>
    public Action<CommitTs> Taking { get; set; } = static _ => { };

    /// <summary>Called with the position of what is resolved; the argument commits it.</summary>
    public Action<CommitTs, Action> Committing { get; set; } = static (_, commit) => commit();

    public Action Flushing { get; set; } = static () => { };

    /// <summary>Called before the target is looked at by another sink than the first.</summary>
    public Action LookedAgain { get; set; } = static () => { };

    /// <summary>Called before the target is claimed.</summary>
    public Action Claiming { get; set; } = static () => { };

    public ISink Open()
    {
        journal.Add($"open {++_sinks}");
        return new Sink(this, journal, _sinks);
    }

    public static CdcException Interrupted() => new(FailureKind.SinkInterrupted, "The connection was lost.");

    public static CdcException Away() => new(FailureKind.SinkUnreachable, "The target is away.");

    SinkProgress? Progress(string changefeed) => Owner == default ? null : new()
    {
        Changefeed = changefeed, Source = ScriptedSource.Shop, Owner = Owner, Position = Position,
        Copied = new Dictionary<TableId, CommitTs>(_copied),
    };

    sealed class Sink(RecordingTarget target, Journal journal, int number) : ISink
    {
        readonly List<(CommitTs At, Acknowledgement Acknowledgement)> _open = [];
        SinkClaim? _claim;
        bool _isBroken;

        public ValueTask<IReadOnlyList<Problem>> InspectAsync(CancellationToken cancellationToken) => new([]);

        public ValueTask<SinkProgress?> ProgressAsync(CancellationToken cancellationToken)
        {
            if (number > 1) target.LookedAgain();
            return new(target.Progress("feed"));
        }

        public ValueTask<SinkProgress?> ClaimAsync(SinkClaim claim, CancellationToken cancellationToken)
        {
            Assert.Null(_claim);
            target.Claiming();
            journal.Add($"claim {claim.Owner}");
            Assert.True(claim.Owner > target.Owner, "A claim that is not larger is refused.");
            (_claim, target.Owner) = (claim, claim.Owner);
            return new(target.Progress(claim.Changefeed));
        }

        public ValueTask<ITableCopy> CopyAsync(TableSchema table, CommitTs at, CancellationToken cancellationToken) =>
            new(new Copy(target, table, at));

        public ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken)
        {
            foreach (RowBatch batch in batches.Span)
            {
                Do(() => target.Taking(batch.FirstTs));
                _open.Add((batch.LastTs, batch.Acknowledgement));
                batch.Release();
                batch.Acknowledgement.Enqueued();
            }
            return ValueTask.CompletedTask;
        }

        public ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken)
        {
            Do(() => target.Committing(resolved.Ts, () => Commit(resolved.Ts)));
            foreach ((_, Acknowledgement acknowledgement) in _open) acknowledgement.Flushed();
            _open.Clear();
            return ValueTask.CompletedTask;
        }

        public ValueTask FlushAsync(CancellationToken cancellationToken)
        {
            Do(target.Flushing);
            return ValueTask.CompletedTask;
        }

        public ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken) =>
            new(BlockOutcome.Written);

        public ValueTask DisposeAsync()
        {
            journal.Add($"dispose {number}");
            return ValueTask.CompletedTask;
        }

        void Commit(CommitTs at)
        {
            if (_claim!.Owner != target.Owner) return;
            target.Rows.AddRange(_open.Select(static row => row.At));
            target.Position = at;
        }

        // After a failure it takes nothing more.
        void Do(Action call)
        {
            Assert.False(_isBroken, "A sink that has failed was called again.");
            _isBroken = true;
            call();
            _isBroken = false;
        }
    }

    sealed class Copy(RecordingTarget target, TableSchema table, CommitTs at) : ITableCopy
    {
        public ValueTask WriteAsync(int part, RowBatch batch, CancellationToken cancellationToken)
        {
            batch.Release();
            return ValueTask.CompletedTask;
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            target._copied[table.Id] = at;
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
