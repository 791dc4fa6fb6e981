using System.Runtime.CompilerServices;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Demo;

/// <summary>The accounts at their opening, and the other tables, which are empty then.</summary>
sealed class DemoSnapshot(
    DemoOptions options, DemoTables tables, SchemaHistory history, IReadOnlyList<SnapshotTable> parts,
    RowBlockPool pool)
    : ISourceSnapshot
{
    /// <summary>The accounts are copied in as many parts.</summary>
    public const int AccountParts = 2;

    public CommitTs At => DemoLog.Opening;

    public IReadOnlyList<SnapshotTable> Tables => parts;

    public async IAsyncEnumerable<RowBatch> ReadAsync(
        SnapshotTable table, int part, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (table.Schema.Id != tables.Accounts.Id) yield break;
        RowWriter writer = new(pool);
        StreamStart all = new(default, default, history, new Dictionary<TableId, CommitTs>());
        DemoOutput output = new(writer, all, TableSelection.Everything);
        try
        {
            output.Begin(new(new(At.Commit, CommitTs.FirstSnapshotStep + (uint)part), DemoLog.FirstTime, 0));
            for (int id = part + 1; id <= options.Accounts; id += AccountParts)
            {
                DemoBank.Account(tables, output, Op.Snapshot, id, DemoBank.OpeningBalance);
                if (writer.Completed.Count == 0) continue;
                cancellationToken.ThrowIfCancellationRequested();
                yield return Take(writer);
            }
            output.End();
            writer.Seal();
            while (writer.Completed.Count > 0) yield return Take(writer);
        }
        finally
        {
            output.Abandon();
        }
        await Task.CompletedTask;
    }

    public ValueTask FinishedAsync(SnapshotTable table, CancellationToken cancellationToken) => default;

    public ValueTask DisposeAsync() => default;

    static RowBatch Take(RowWriter writer)
    {
        RowBatch batch = writer.Completed[0];
        writer.Completed.RemoveAt(0);
        return batch;
    }
}
