using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Demo;

/// <summary>A database that does not exist: the same rows at the same positions for the same seed.</summary>
/// <remarks>
/// Nothing is held for a reader: any place of the log can be made again, from its beginning, so reading on far behind
/// it costs the time to make everything before. Snapshots are always of the opening. After the last transaction a
/// stream waits for ever, as a database does that nobody uses; <see cref="MarkAsync"/> then answers with the end of the
/// log.
/// </remarks>
public sealed class DemoSource(DemoOptions options, TableSelection selection, RowBlockPool pool, TimeProvider time)
    : ISource
{
    SourceStatus _status = new(DemoLog.Opening, DemoLog.Opening.Commit, 0, "not started");

    public IReadOnlyList<string> LeftBehind => [];

    public SourceStatus Status => Volatile.Read(ref _status);

    public ValueTask<SourceFacts> InspectAsync(CancellationToken cancellationToken)
    {
        DemoTables tables = new(new([]));
        return new(new SourceFacts
        {
            Identity = new("demo", string.Create(CultureInfo.InvariantCulture,
                $"seed {options.Seed}, {options.Accounts} accounts"), "demo"),
            Position = new(PositionState.NotNeeded, ""),
            Server = "the demo source",
            Excluded = [.. tables.All.Select(static table => table.Name).Where(selection.IsExcluded)],
            Tables = [.. Selected(tables).Select(table => new MatchedTable(
                table.Name, table.SourceId, Rows(tables, table), -1,
                [.. table.Key.Select(ordinal => table.Columns[ordinal].Name)], CanUpdate: true, table.Identity)
            {
                Columns = [.. table.Columns.Select(static column => column.Name)],
            })],
        });
    }

    public ValueTask<ISourceSnapshot> StartAsync(SchemaHistory history, CancellationToken cancellationToken)
    {
        DemoTables tables = new(history);
        return new(Snapshot(tables, history, Selected(tables)));
    }

    public ValueTask<ISourceSnapshot> SnapshotAsync(
        SchemaHistory history, IReadOnlyCollection<TableId> tables, CancellationToken cancellationToken)
    {
        DemoTables all = new(history);
        return new(Snapshot(all, history, Selected(all).Where(table => tables.Contains(table.Id))));
    }

    public async IAsyncEnumerable<SourceEvent> StreamAsync(
        StreamStart start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        DemoOutput output = new(new(pool), start, selection);
        DemoLog log = new(options, new(start.History), output);
        DemoPace pace = new(options.Rate, time);
        try
        {
            while (!log.IsAtEnd)
            {
                cancellationToken.ThrowIfCancellationRequested();
                log.MakeOne();
                bool isNew = CommitTs.End(log.Commit) > start.After;
                TimeSpan pause = isNew ? pace.Next() : TimeSpan.Zero;
                bool handsOn = isNew && (output.IsFull || pause > TimeSpan.Zero || log.IsAtEnd);
                if (!handsOn) continue;

                output.Seal();
                while (output.Ready.TryDequeue(out SourceEvent? next)) yield return next;
                yield return Resolve(log);
                if (pause > TimeSpan.Zero) await Task.Delay(pause, time, cancellationToken);
            }
            _status = _status with { Doing = $"all {log.Made} transactions are made" };
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        }
        finally
        {
            output.Abandon();
        }
    }

    public void Confirm(CommitTs checkpoint) { }

    public ValueTask SettleAsync(CancellationToken cancellationToken) => default;

    public ValueTask<CommitTs?> MarkAsync(CancellationToken cancellationToken)
    {
        if (options.Transactions == 0) return new(Status.Received);
        StreamStart nothing = new(default, CommitTs.End(ulong.MaxValue), new([]), new Dictionary<TableId, CommitTs>());
        DemoLog log = new(options, new(nothing.History), new(new(pool), nothing, selection));
        while (!log.IsAtEnd)
        {
            cancellationToken.ThrowIfCancellationRequested();
            log.MakeOne();
        }
        return new(CommitTs.End(log.Commit));
    }

    public ValueTask DisposeAsync() => default;

    SourceEvent.Resolved Resolve(DemoLog log)
    {
        CommitTs at = CommitTs.End(log.Commit);
        Volatile.Write(ref _status, new(at, at.Commit, log.Time, "making transactions"));
        return new(at, log.Time);
    }

    ImmutableArray<TableSchema> Selected(DemoTables tables) =>
        [.. tables.All.Where(table => selection.Matches(table.Name))];

    DemoSnapshot Snapshot(DemoTables tables, SchemaHistory history, IEnumerable<TableSchema> selected) => new(
        options, tables, history,
        [.. selected.Select(table => new SnapshotTable(
            table, table.Id == tables.Accounts.Id ? DemoSnapshot.AccountParts : 1, Rows(tables, table)))],
        pool);

    long Rows(DemoTables tables, TableSchema table) => table.Id == tables.Accounts.Id ? options.Accounts : 0;
}
