using Cdc.Protocol;
using Cdc.Protocol.Sessions;

namespace Cdc.Simulator.Source;

/// <summary>The source's log as one life of an event service, or several, has read it: what the changefeed's checkpoint
/// has passed is gone.</summary>
/// <param name="source">What is read.</param>
/// <param name="begin">Where reading began: nothing before is here.</param>
/// <param name="checkpoint">The changefeed's then.</param>
/// <param name="pieceBytes">How many bytes of a step's rows it gives at once.</param>
public sealed class ModelLog(ModelSource source, CommitTs begin, CommitTs checkpoint, int pieceBytes) : IEventLog
{
    readonly CommitTs _begin = begin;

    public CommitTs Forgotten { get; private set; } = begin;

    public CommitTs LostUpTo { get; private set; } = begin > checkpoint ? begin : CommitTs.Zero;

    /// <summary>Everything up to there has been received.</summary>
    public CommitTs Received { get; private set; } = begin;

    public void Receive(CommitTs upTo) => Received = CommitTs.Max(Received, upTo);

    /// <summary>The changefeed's checkpoint has passed it.</summary>
    public void Forget(CommitTs upTo)
    {
        Forgotten = CommitTs.Max(Forgotten, CommitTs.Min(upTo, Received));
        if (upTo >= LostUpTo) LostUpTo = CommitTs.Zero;
    }

    public LogRows? NextRows(TableSpan span, CommitTs after, long offset, CommitTs upTo, int maxBytes)
    {
        if (after < _begin) throw new ViolationException("a gap", $"{span} is read behind {after}, before {_begin}");
        // A step that was cut is behind `after`, too: `after` is the step before it.
        CommitTs last = CommitTs.Min(upTo, Received);
        for (int i = First(after); i < source.Steps.Count && source.Steps[i].At <= last; i++)
        {
            if (source.Steps[i] is not RowsStep step) continue;
            if (Cut(step, span, offset, Math.Min(maxBytes, pieceBytes)) is { } rows) return rows;
        }

        return null;
    }

    public LogBlock? NextBlock(CommitTs after, CommitTs upTo)
    {
        CommitTs last = CommitTs.Min(upTo, Received);
        for (int i = First(after); i < source.Steps.Count && source.Steps[i].At <= last; i++)
        {
            if (source.Steps[i] is BlockStep block) return new(block.Event, block.Payload);
        }

        return null;
    }

    public string? SchemaOf(TableId table, CommitTs at) =>
        source.Tables.TryGetValue(table, out TableHistory? history) && history.IsThereAt(at)
            ? history.SchemaAt(at)
            : null;

    int First(CommitTs after) => source.FirstBehind(CommitTs.Max(after, Forgotten));

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
