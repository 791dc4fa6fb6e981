using System.Runtime.CompilerServices;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Embedded.Tests.Running;

/// <summary>A source that holds one row per transaction and fails where the test says.</summary>
sealed class ScriptedSource(Journal journal) : ISource
{
    public static readonly SourceIdentity Shop = new("postgres", "7", "shop", 1);

    readonly RowBlockPool _pool = new();

    public SourceIdentity Identity { get; set; } = Shop;
    public PositionState Position { get; set; } = PositionState.Absent;
    public int Tables { get; init; } = 1;
    public ulong Commits { get; init; } = 5;

    /// <summary>Called when the stream gives a row of a transaction whose end never comes; null: it gives
    /// none.</summary>
    public Action? LeftOpen { get; set; }

    /// <summary>The stream breaks once behind each of these commits.</summary>
    public Queue<ulong> Breaks { get; } = new();

    /// <summary>Called before the source is looked at.</summary>
    public Action Looked { get; set; } = static () => { };

    /// <summary>Tables whose copy fails as often as it says, because they were rewritten.</summary>
    public Dictionary<TableId, int> Rewritten { get; } = [];

    /// <summary>Called before each further snapshot.</summary>
    public Action Snapshotting { get; set; } = static () => { };

    /// <summary>How often the first start fails, because the connection is lost.</summary>
    public int StartsLost { get; set; }

    /// <summary>How often a further snapshot fails, because the connection is lost.</summary>
    public int SnapshotsLost { get; set; }

    /// <summary>Tables whose copy fails as often as it says, because the connection is lost.</summary>
    public Dictionary<TableId, int> CopiesLost { get; } = [];

    public IReadOnlyList<string> LeftBehind => [];
    public SourceStatus Status => new(CommitTs.Zero, 0, CommitTime, "");

    /// <summary>What the source says of its last commit's time.</summary>
    public long CommitTime { get; set; }

    public ValueTask<SourceFacts> InspectAsync(CancellationToken cancellationToken)
    {
        Looked();
        return new(new SourceFacts { Identity = Identity, Position = new(Position, "cdc_feed", default, "4711", "select 1") });
    }

    public ValueTask<ISourceSnapshot> StartAsync(SchemaHistory history, CancellationToken cancellationToken)
    {
        journal.Add("start");
        if (StartsLost-- > 0) throw Lost();
        Position = PositionState.Held;
        for (int i = 0; i < Tables; i++) history.Add(Table(history.NextId(), CommitTs.End(100)));
        return new(new Snapshot(this, history, CommitTs.End(100), [.. history.Latest().Select(static t => t.Id)]));
    }

    public ValueTask<ISourceSnapshot> SnapshotAsync(
        SchemaHistory history, IReadOnlyCollection<TableId> tables, CancellationToken cancellationToken)
    {
        journal.Add($"snapshot of {string.Join(',', tables)}");
        Snapshotting();
        if (SnapshotsLost-- > 0) throw Lost();
        return new(new Snapshot(this, history, CommitTs.End(101), tables));
    }

    public async IAsyncEnumerable<SourceEvent> StreamAsync(
        StreamStart start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        journal.Add($"stream after {start.After}");
        for (ulong commit = 201; commit < 201 + Commits; commit++)
        {
            if (CommitTs.End(commit) <= start.After) continue;
            yield return new SourceEvent.Rows(Row(start.History.Latest()[0], new(commit, 0)));
            yield return new SourceEvent.Resolved(CommitTs.End(commit), 0);
            if (!Breaks.TryPeek(out ulong at) || at != commit) continue;
            Breaks.Dequeue();
            throw Lost();
        }
        if (LeftOpen is { } leftOpen)
        {
            yield return new SourceEvent.Rows(Row(start.History.Latest()[0], new(201 + Commits, 0)));
            leftOpen();
        }
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    public void Confirm(CommitTs checkpoint) => journal.Add($"confirm {checkpoint}");

    /// <summary>The server can't be reached any more when the run ends.</summary>
    public bool IsAwayAtTheEnd { get; set; }

    public ValueTask SettleAsync(CancellationToken cancellationToken)
    {
        journal.Add("settle");
        return IsAwayAtTheEnd
            ? throw new CdcException(FailureKind.SourceUnreachable, "The server is away.")
            : ValueTask.CompletedTask;
    }

    /// <summary>How often the sequences can't be read, because no connection can be made.</summary>
    public int SequencesLost { get; set; }

    public ValueTask<IReadOnlyList<SequenceState>> SequencesAsync(
        SchemaHistory history, CancellationToken cancellationToken)
    {
        // Before the stream they are asked for as well, when all is copied.
        if (journal.Lines.Any(static line => line.StartsWith("stream ", StringComparison.Ordinal))
            && SequencesLost-- > 0) throw Lost();
        journal.Add("sequences");
        return new((IReadOnlyList<SequenceState>)[]);
    }

    /// <summary>How often a mark fails, because no connection can be made.</summary>
    public int MarksLost { get; set; }

    public ValueTask<CommitTs?> MarkAsync(CancellationToken cancellationToken) =>
        MarksLost-- > 0 ? throw Lost() : new(CommitTs.End(200 + Commits));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    RowBatch Row(TableSchema table, CommitTs at)
    {
        RowWriter writer = new(_pool);
        writer.Begin(new(at, 0, 0));
        writer.StartRow(table, at.Step == 0 ? Op.Insert : Op.Snapshot);
        writer.Value("1"u8);
        writer.EndRow();
        writer.Close();
        writer.Seal();
        return Assert.Single(writer.Completed);
    }

    public static CdcException Lost() => new(FailureKind.SourceUnreachable, "The connection was lost.");

    static TableSchema Table(TableId id, CommitTs since) => new()
    {
        Id = id, Since = since, Name = new("shop", $"t{id}"), SourceId = (uint)(1000 + id.Value),
        Columns = [new("id", new(TypeKind.Int64, "int8"), true)], Key = [0],
    };

    sealed class Snapshot(ScriptedSource source, SchemaHistory history, CommitTs at, IReadOnlyCollection<TableId> tables)
        : ISourceSnapshot
    {
        public CommitTs At => at;

        public IReadOnlyList<SnapshotTable> Tables { get; } =
            [.. tables.Select(id => new SnapshotTable(history.Find(id, CommitTs.End(200))!, 1, 1))];

        public async IAsyncEnumerable<RowBatch> ReadAsync(
            SnapshotTable table, int part, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            if (source.Rewritten.TryGetValue(table.Schema.Id, out int times) && times > 0)
            {
                source.Rewritten[table.Schema.Id] = times - 1;
                throw new CdcException(FailureKind.TableStopped, "The table was rewritten.");
            }
            if (source.CopiesLost.TryGetValue(table.Schema.Id, out int lost) && lost > 0)
            {
                source.CopiesLost[table.Schema.Id] = lost - 1;
                throw Lost();
            }
            yield return source.Row(table.Schema, new(at.Commit, CommitTs.FirstSnapshotStep));
        }

        public ValueTask FinishedAsync(SnapshotTable table, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
