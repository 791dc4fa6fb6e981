using System.Buffers.Text;
using System.Globalization;
using System.Text.Unicode;
using Cdc.Engine.Ddl;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Demo;

/// <summary>Writes the rows that a reader lacks and wants. Whoever makes rows asks first, and draws nothing for a row
/// that decides what comes later, so that the log is the same whatever is left out.</summary>
sealed class DemoOutput(RowWriter writer, StreamStart start, TableSelection selection)
{
    const int RoomBytes = 128;
    const int BatchesWaitingMax = 64;

    readonly Dictionary<TableId, bool> _selected = [];
    CommitStamp _stamp;

    /// <summary>What is ready to be handed on, in order.</summary>
    public Queue<SourceEvent> Ready { get; } = [];

    public CommitTs Now => _stamp.Ts;

    /// <summary>Whether so much was written that it should be handed on.</summary>
    public bool IsFull =>
        Ready.Count > 0 || writer.Completed.Count >= BatchesWaitingMax
            || writer.UnsealedBytes >= Limits.RowBlockBytes / 4;

    public void Begin(CommitStamp stamp)
    {
        _stamp = stamp;
        writer.Begin(stamp);
    }

    public void NextStep()
    {
        writer.NextStep();
        _stamp = _stamp with { Ts = _stamp.Ts with { Step = _stamp.Ts.Step + 1 } };
    }

    public void End() => writer.Close();

    /// <summary>Begins a row, unless nobody lacks it.</summary>
    public bool StartRow(TableSchema table, Op op)
    {
        if (!Lacks(table)) return false;
        writer.StartRow(table, op);
        return true;
    }

    public void Truncate(TableSchema table)
    {
        Seal();
        if (!Lacks(table)) return;
        BlockEvent block = new(new(Now, false), new Influence.Normal([TableId.Trigger, table.Id]));
        Ready.Enqueue(new SourceEvent.Block(
            new TruncateEvent(block, _stamp, [table], Cascade: false, RestartIdentity: false)));
    }

    /// <summary>A table has another shape from this step on.</summary>
    public void Alter(TableSchema before, TableSchema after, string sql)
    {
        Seal();
        if (!Lacks(after)) return;
        BlockEvent block = new(new(Now, false), new Influence.Normal([TableId.Trigger, after.Id]));
        SchemaChange change = new SchemaChange.TableAltered(before, after, TableRewrite.None);
        Ready.Enqueue(new SourceEvent.Block(new DdlEvent(block, _stamp, "ALTER TABLE", [change])
        {
            Sql = sql,
            SearchPath = "demo",
        }));
    }

    /// <summary>Moves everything written into <see cref="Ready"/>.</summary>
    public void Seal()
    {
        writer.Seal();
        foreach (RowBatch batch in writer.Completed) Ready.Enqueue(new SourceEvent.Rows(batch));
        writer.Completed.Clear();
    }

    /// <summary>Gives back what was not handed on.</summary>
    public void Abandon()
    {
        writer.Abandon();
        foreach (SourceEvent waiting in Ready) (waiting as SourceEvent.Rows)?.Batch.Release();
        Ready.Clear();
    }

    public void EndRow() => writer.EndRow();
    public void EndRow(OldImage image, RowFlags flags) => writer.EndRow(image, flags);
    public void StartNewImage() => writer.StartNewImage();
    public void Null() => writer.Null();
    public void Unchanged() => writer.Unchanged();
    public void Value(ReadOnlySpan<byte> text) => writer.Value(text);

    public void Integer(long value)
    {
        Utf8Formatter.TryFormat(value, writer.Value(20), out int used);
        writer.Shorten(20, used);
    }

    /// <summary>A numeric with two digits behind the point.</summary>
    public void Cents(long value)
    {
        Utf8.TryWrite(Room(), CultureInfo.InvariantCulture, $"{value / 100}.{value % 100:00}", out int used);
        Used(used);
    }

    /// <summary>Microseconds since 1970, as a timestamp with the zone of zero.</summary>
    public void Moment(long micros)
    {
        DateTime moment = DateTime.UnixEpoch.AddMicroseconds(micros);
        Utf8.TryWrite(Room(), CultureInfo.InvariantCulture, $"{moment:yyyy-MM-dd HH:mm:ss.FFFFFF}+00", out int used);
        Used(used);
    }

    /// <summary>Room for a short value, formatted in place; <see cref="Used"/> follows.</summary>
    public Span<byte> Room() => writer.Value(RoomBytes);

    public void Used(int bytes) => writer.Shorten(RoomBytes, bytes);

    bool Lacks(TableSchema table)
    {
        if (Now <= start.After) return false;
        if (start.CopiedAt.TryGetValue(table.Id, out CommitTs copied) && Now <= copied) return false;
        if (_selected.TryGetValue(table.Id, out bool selected)) return selected;
        return _selected[table.Id] = selection.Matches(table.Name);
    }
}
