using Cdc.Engine.Demo;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Engine.Storage;
using Cdc.Engine.Tests.Rows;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Demo;

/// <summary>Everything that a demo's stream gave from one place on, up to its end.</summary>
sealed record DemoRun(List<(CommitTs At, string Change)> Changes, CommitTs End)
{
    public static async Task<DemoRun> ReadAsync(
        string address, CommitTs after = default, SchemaHistory? history = null, TableSelection? selection = null)
    {
        RowBlockPool pool = new();
        DemoSource source = new(DemoOptions.Parse(address), selection ?? TableSelection.Everything, pool,
            TimeProvider.System);
        CommitTs end = (await source.MarkAsync(default))!.Value;
        StreamStart start = new(after, after, history ?? new([]), new Dictionary<TableId, CommitTs>());
        List<(CommitTs, string)> changes = [];
        CommitTs resolved = after;
        await foreach (SourceEvent next in source.StreamAsync(start, default))
        {
            if (next is SourceEvent.Resolved now)
            {
                Assert.True(now.At > resolved);
                resolved = now.At;
                if (now.At >= end) break;
            }
            else Add(next, resolved, changes);
        }
        Assert.Equal(end, resolved);
        Assert.Equal(0, pool.BytesOut);
        return new(changes, resolved);
    }

    public uint Checksum()
    {
        Crc32C crc = new();
        foreach ((_, string change) in Changes) crc.Add(System.Text.Encoding.UTF8.GetBytes(change));
        return crc.Value;
    }

    static void Add(SourceEvent next, CommitTs resolved, List<(CommitTs At, string Change)> changes)
    {
        if (next is SourceEvent.Block { Change: TruncateEvent truncate })
            changes.Add((truncate.Stamp.Ts, $"{Text(truncate.Stamp)} truncate {truncate.Tables[0].Name}"));
        if (next is not SourceEvent.Rows { Batch: var batch }) return;
        foreach (Row row in batch)
        {
            Assert.True(row.Stamp.Ts > resolved);
            Assert.True(batch.Schema.Since <= row.Stamp.Ts);
            changes.Add((row.Stamp.Ts, Text(batch.Schema, PlainRow.Of(batch.Schema, row))));
        }
        batch.Release();
    }

    static string Text(CommitStamp stamp) => $"{stamp.Ts} {stamp.CommitTime} {stamp.Xid}";

    static string Text(TableSchema schema, PlainRow row)
    {
        string names = string.Join(',', schema.Columns.Select(static column => column.Name));
        return $"{Text(row.Stamp)} {row.Sequence} {schema.Name}({names}) {row.Op} {row.Flags} "
            + $"{string.Join('|', row.Old)} -> {string.Join('|', row.New)}";
    }
}
