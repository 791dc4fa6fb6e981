using System.Collections.Immutable;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Postgres.Decoding;

/// <summary>What one open transaction has brought so far, in order: batches in memory, batches on disk, truncates,
/// schema changes.</summary>
/// <remarks>Used again for each transaction. Its batches hold rows of no other one.</remarks>
internal sealed class OpenTransaction(DecoderOptions options, Spill spill)
{
    // What a batch costs beside its rows: a transaction that goes to and fro between tables has many small ones.
    const int BatchOverhead = 256;

    // Once a transaction is on disk, its batches follow in smaller portions, which the pool can give out again.
    const int PortionsPerLimit = 8;

    readonly List<Item> _items = [];
    long _limit = options.OpenTransactionBytes;
    long _bytes;

    public bool IsEmpty => _items.Count == 0;

    public void Add(RowBatch batch)
    {
        _items.Add(new(batch, null, null, default));
        _bytes += batch.ByteCount + BatchOverhead;
        if (_bytes > _limit) SpillBatches();
    }

    public void Add(TruncateEvent truncate) => _items.Add(new(null, truncate, null, default));

    public void Add(DdlStatement ddl) => _items.Add(new(null, null, ddl, default));

    /// <summary>Hands everything on, now that the commit is known, and is empty afterwards.</summary>
    /// <param name="finals">Which version each provisional schema became.</param>
    /// <param name="filter">What is dropped because it was handed on before.</param>
    public void HandOver(
        in CommitStamp stamp, IReadOnlyDictionary<TableSchema, TableSchema>? finals, in AlreadySeen filter,
        IDecoded decoded)
    {
        int done = 0;
        try
        {
            for (; done < _items.Count; done++)
            {
                Item item = _items[done];
                if (item.Batch is { } batch) HandOver(batch, finals, filter, decoded);
                else if (item.Truncate is { } truncate) HandOver(truncate, stamp, finals, filter, decoded);
                else if (item.Ddl is { } ddl) HandOver(ddl, stamp, finals, filter, decoded);
                else HandOver(item.Spilled, stamp, finals, filter, decoded);
            }
        }
        catch
        {
            _items.RemoveRange(0, done);
            throw;
        }
        Clear();
    }

    /// <summary>Gives everything back: the transaction will come again.</summary>
    public void Abandon()
    {
        foreach (Item item in _items) item.Batch?.Release();
        Clear();
    }

    static void HandOver(
        RowBatch batch, IReadOnlyDictionary<TableSchema, TableSchema>? finals, in AlreadySeen filter, IDecoded decoded)
    {
        if (finals is not null && finals.TryGetValue(batch.Schema, out TableSchema? final)) batch.Install(final);
        if (filter.Includes(batch.Schema.Id, batch.LastTs)) batch.Release();
        else decoded.Rows(batch);
    }

    static void HandOver(
        TruncateEvent truncate, in CommitStamp stamp, IReadOnlyDictionary<TableSchema, TableSchema>? finals,
        in AlreadySeen filter, IDecoded decoded)
    {
        CommitTs at = truncate.Stamp.Ts with { Commit = stamp.Ts.Commit };
        var tables = ImmutableArray.CreateBuilder<TableSchema>();
        foreach (TableSchema table in truncate.Tables)
        {
            TableSchema final = finals?.GetValueOrDefault(table) ?? table;
            if (!filter.Includes(final.Id, at)) tables.Add(final);
        }
        if (tables.Count == 0) return;
        Influence influence = new Influence.Normal(
            [TableId.Trigger, .. tables.Select(static table => table.Id).Order()]);
        decoded.Block(truncate with
        {
            Block = new(new(at, false), influence),
            Stamp = stamp with { Ts = at },
            Tables = tables.ToImmutable(),
        });
    }

    static void HandOver(
        DdlStatement ddl, in CommitStamp stamp, IReadOnlyDictionary<TableSchema, TableSchema>? finals,
        in AlreadySeen filter, IDecoded decoded)
    {
        if (ddl.ToEvent(stamp, finals, filter) is { } change) decoded.Block(change);
    }

    void HandOver(
        SpillRun run, in CommitStamp stamp, IReadOnlyDictionary<TableSchema, TableSchema>? finals,
        in AlreadySeen filter, IDecoded decoded)
    {
        // One batch is in memory at a time, beside those that wait to be taken.
        foreach (RowBatch batch in spill.Read(run, stamp)) HandOver(batch, finals, filter, decoded);
    }

    // Neighbouring batches go to disk as one run; what stands between them stays where it is.
    void SpillBatches()
    {
        int kept = 0;
        for (int i = 0; i < _items.Count; i++)
        {
            Item item = _items[i];
            if (item.Batch is { } batch)
            {
                SpillRun run = kept > 0 && _items[kept - 1] is { IsSpilled: true } before
                    ? spill.Append(before.Spilled, batch)
                    : spill.Append(batch);
                batch.Release();
                item = new(null, null, null, run);
                if (run.Count > 1) kept--;
            }
            _items[kept++] = item;
        }
        _items.RemoveRange(kept, _items.Count - kept);
        _bytes = 0;
        _limit = options.OpenTransactionBytes / PortionsPerLimit;
    }

    void Clear()
    {
        _items.Clear();
        (_bytes, _limit) = (0, options.OpenTransactionBytes);
        spill.Clear();
    }

    readonly record struct Item(RowBatch? Batch, TruncateEvent? Truncate, DdlStatement? Ddl, SpillRun Spilled)
    {
        public bool IsSpilled => Batch is null && Truncate is null && Ddl is null;
    }
}
