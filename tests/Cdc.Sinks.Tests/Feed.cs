using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Sinks.Tests;

/// <summary>Makes batches as a source would, and knows the lines they must become.</summary>
internal sealed class Feed
{
    public static readonly TableSchema Orders = Table(1, "orders");
    public static readonly TableSchema Items = Table(2, "items");
    public static readonly SourceIdentity Source = new("demo", "system", "shop");

    readonly RowWriter _writer;

    public Feed() => _writer = new(Pool);

    public RowBlockPool Pool { get; } = new();

    public static CommitTs At(ulong commit) => new(commit, 0);

    public static CommitStamp Stamp(ulong commit) => Stamp(At(commit));

    public static CommitStamp Stamp(CommitTs at) => new(at, 0, 7);

    public static string Line(ulong commit, uint sequence, TableSchema? table = null) =>
        LineEncoder.Line(At(commit), sequence, table ?? Orders, Value(commit, sequence));

    public static TruncateEvent Truncate(ulong commit) => new(
        new(new(At(commit), false), new Influence.All()), Stamp(commit), [Orders, Items], false, false);

    /// <summary>One transaction as one batch.</summary>
    public RowBatch Batch(ulong commit, int rows = 1, TableSchema? table = null) =>
        Batches(new Transaction(commit, rows, table)).Single();

    /// <summary>Transactions, cut into batches after the given numbers of rows and where the table changes.</summary>
    public List<RowBatch> Batches(IEnumerable<Transaction> transactions, params int[] cuts)
    {
        int written = 0;
        foreach (Transaction transaction in transactions)
        {
            _writer.Begin(new CommitStamp(new(0, 0), 0, 7));
            for (uint i = 0; i < transaction.Rows; i++)
            {
                _writer.StartRow(transaction.Table ?? Orders, Op.Insert);
                _writer.Value(Encoding.UTF8.GetBytes(Value(transaction.Commit, i)));
                _writer.EndRow();
                if (cuts.Contains(++written)) _writer.Seal();
            }
            _writer.Commit(transaction.Commit, 0);
        }
        _writer.Seal();
        List<RowBatch> batches = [.. _writer.Completed];
        _writer.Completed.Clear();
        return batches;
    }

    public List<RowBatch> Batches(Transaction transaction, params int[] cuts) => Batches([transaction], cuts);

    /// <summary>Rows of a copy of a table.</summary>
    public List<RowBatch> Copied(TableSchema table, ulong at, uint part, int rows)
    {
        _writer.Begin(new CommitStamp(new(at, CommitTs.FirstSnapshotStep + part), 0, 0));
        for (int i = 0; i < rows; i++)
        {
            _writer.StartRow(table, Op.Snapshot);
            _writer.Value(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"copied-{part}-{i}")));
            _writer.EndRow();
        }
        _writer.Close();
        _writer.Seal();
        List<RowBatch> batches = [.. _writer.Completed];
        _writer.Completed.Clear();
        return batches;
    }

    /// <summary>The source gives its own memory back, so that what is out then was kept by a sink.</summary>
    public void Close() => _writer.Abandon();

    static string Value(ulong commit, uint sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"value-{commit}-{sequence}");

    static TableSchema Table(long id, string name) => new()
    {
        Id = new(id), Name = new("public", name), Columns = [new("id", new(TypeKind.Text, "text"))],
    };

    public sealed record Transaction(ulong Commit, int Rows, TableSchema? Table = null)
    {
        public IEnumerable<string> Lines =>
            Enumerable.Range(0, Rows).Select(i => Line(Commit, (uint)i, Table));
    }
}

/// <summary>Hears acknowledgements, in the order in which they come.</summary>
internal sealed class Heard : IAcknowledgementListener
{
    readonly Lock _gate = new();
    readonly List<(Acknowledgement, CommitTs)> _known = [];
    readonly List<CommitTs> _enqueued = [];
    readonly List<CommitTs> _flushed = [];

    public ImmutableArray<CommitTs> Enqueues
    {
        get { lock (_gate) return [.. _enqueued]; }
    }

    public ImmutableArray<CommitTs> Flushes
    {
        get { lock (_gate) return [.. _flushed]; }
    }

    public RowBatch Watch(RowBatch batch)
    {
        lock (_gate) _known.Add((batch.Acknowledgement, batch.LastTs));
        batch.Acknowledgement.Listen(this);
        return batch;
    }

    public void Enqueued(Acknowledgement acknowledgement)
    {
        lock (_gate) _enqueued.Add(Find(acknowledgement));
    }

    public void Flushed(Acknowledgement acknowledgement)
    {
        lock (_gate) _flushed.Add(Find(acknowledgement));
    }

    CommitTs Find(Acknowledgement acknowledgement) => _known.Single(known => known.Item1 == acknowledgement).Item2;
}
