using System.Text;
using Cdc.Protocol.Sessions;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>A dispatcher with its sink: takes whole steps, and fails at once where one is missing, repeated, torn or
/// passed by a Resolved.</summary>
sealed class ModelDispatcher(SessionTarget target, TableSpan span, CommitTs start, ScriptedLog log)
{
    readonly List<(CommitTs At, string Text)> _expected = log.Expected(span, start);
    readonly StringBuilder _open = new();
    readonly Queue<(CommitTs At, long Bytes, BlockEventId? Block)> _inbox = new();
    CommitTs? _openAt;
    int _got;

    public SessionTarget Target { get; } = target;
    public TableSpan Span { get; } = span;
    public CommitTs Start { get; } = start;
    public CommitTs Resolved { get; private set; } = start;

    /// <summary>All that came whole.</summary>
    public CommitTs Received { get; private set; } = start;

    /// <summary>What is durable; behind what came until <see cref="Flush"/>.</summary>
    public CommitTs Checkpoint { get; private set; } = start;

    /// <summary>The block event that it stands at: it takes nothing more until it may pass.</summary>
    public BlockEventId? Pending { get; private set; }

    /// <summary>How often a step began anew in its middle.</summary>
    public int Voided { get; private set; }

    public bool HasAll(CommitTs upTo) =>
        _got == _expected.Count(e => e.At <= upTo) && Resolved >= upTo && _inbox.Count == 0 && Pending is null;

    public bool IsStoppedBy(BlockEventId block) => _expected.Contains((block.At, "!"));

    /// <summary>Takes what came, up to the next block event, and makes all before it durable.</summary>
    /// <returns>How many bytes it had of it.</returns>
    public long Flush()
    {
        long bytes = 0;
        while (Pending is null && _inbox.TryDequeue(out (CommitTs At, long Bytes, BlockEventId? Block) item))
        {
            bytes += item.Bytes;
            Pending = item.Block;
            Checkpoint = CommitTs.Max(Checkpoint, item.At);
        }

        if (Pending is null) Checkpoint = CommitTs.Max(Checkpoint, Resolved);
        return bytes;
    }

    /// <summary>What it still holds, when it is removed.</summary>
    public long Drop() => _inbox.Sum(static item => item.Bytes);

    public void Pass()
    {
        Checkpoint = CommitTs.Max(Checkpoint, Pending!.Value.At);
        Pending = null;
    }

    public void OnRows(DeliverRows rows)
    {
        if (rows.IsFirst)
        {
            if (_openAt is not null) Voided++;
            _open.Clear();
            _openAt = rows.At;
        }

        Assert.Equal(_openAt, rows.At);
        _open.Append(Encoding.UTF8.GetString(rows.Payload.Span));
        _inbox.Enqueue((rows.IsLast ? rows.At : rows.At.Previous, rows.Payload.Length, null));
        if (!rows.IsLast) return;
        Step(rows.At, _open.ToString());
        _open.Clear();
        _openAt = null;
    }

    public void OnBlock(DeliverBlock block)
    {
        Assert.Null(_openAt);
        Step(block.Event.At, "!");
        _inbox.Enqueue((block.Event.At.Previous, 0, block.Event));
    }

    public void OnResolved(CommitTs ts)
    {
        int upTo = _expected.Count(e => e.At <= ts);
        Assert.True(_got >= upTo, $"{Target.Dispatcher}: Resolved {ts} passes a step that has not come.");
        Resolved = CommitTs.Max(Resolved, ts);
    }

    void Step(CommitTs at, string text)
    {
        Assert.True(_got < _expected.Count, $"{Target.Dispatcher}: {at} comes though nothing is left.");
        Assert.Equal(_expected[_got], (at, text));
        _got++;
        Received = at;
    }
}
