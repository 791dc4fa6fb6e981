using Cdc.Protocol;
using Cdc.Protocol.Sessions;

namespace Cdc.Simulator.Source;

/// <summary>The source's log as an event service reads it: what the changefeed's checkpoint has passed may be
/// gone.</summary>
public sealed class ModelLog(ModelSource source) : IEventLog
{
    public CommitTs Forgotten { get; private set; }

    /// <summary>The slot is confirmed up to there.</summary>
    public void Forget(CommitTs upTo) => Forgotten = CommitTs.Max(Forgotten, upTo);

    public LogRows? NextRows(TableSpan span, CommitTs after, long offset, CommitTs upTo, int maxBytes)
    {
        // A step that was cut is behind `after`, too: `after` is the step before it.
        for (int i = source.FirstBehind(after); i < source.Steps.Count && source.Steps[i].At <= upTo; i++)
        {
            if (source.Steps[i] is not RowsStep step) continue;
            if (Cut(step, span, offset, maxBytes) is { } rows) return rows;
        }

        return null;
    }

    public LogBlock? NextBlock(CommitTs after, CommitTs upTo)
    {
        for (int i = source.FirstBehind(after); i < source.Steps.Count && source.Steps[i].At <= upTo; i++)
        {
            if (source.Steps[i] is BlockStep block) return new(block.Event, block.Payload);
        }

        return null;
    }

    public string? SchemaOf(TableId table, CommitTs at) =>
        source.Tables.TryGetValue(table, out TableHistory? history) && history.IsThereAt(at)
            ? history.SchemaAt(at)
            : null;

    static LogRows? Cut(RowsStep step, TableSpan span, long offset, int maxBytes)
    {
        int count = 0;
        foreach (RowChange row in step.Rows)
        {
            if (row.Table == span.Table && span.Contains(row.Key)) count++;
        }

        if (count == 0) return null;
        int take = Math.Max(1, Math.Min(count - (int)offset, maxBytes / RowsCodec.RowBytes));
        byte[] payload = new byte[take * RowsCodec.RowBytes];
        int seen = 0;
        foreach (RowChange row in step.Rows)
        {
            if (row.Table != span.Table || !span.Contains(row.Key)) continue;
            int place = seen++ - (int)offset;
            if (place >= 0 && place < take) RowsCodec.Write(payload.AsSpan(place * RowsCodec.RowBytes), row);
        }

        bool isLast = offset + take == count;
        return new(step.At, offset + take, isLast, payload);
    }
}
