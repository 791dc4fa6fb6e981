using System.Text;
using Cdc.Protocol.Sessions;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>A dispatcher with its sink: takes whole steps, and fails at once where one is missing, repeated, torn or
/// passed by a Resolved.</summary>
sealed class ModelDispatcher(SessionTarget target, TableSpan span, CommitTs start, ScriptedLog log)
{
    readonly List<(CommitTs At, string Text)> _expected = log.Expected(span, start);
    readonly StringBuilder _open = new();
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

    /// <summary>How often a step began anew in its middle.</summary>
    public int Voided { get; private set; }

    public bool HasAll(CommitTs upTo) => _got == _expected.Count(e => e.At <= upTo) && Resolved >= upTo;

    public void Flush() => Checkpoint = CommitTs.Max(Checkpoint, CommitTs.Max(Received, Resolved));

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
        if (!rows.IsLast) return;
        Step(rows.At, _open.ToString());
        _open.Clear();
        _openAt = null;
    }

    public void OnBlock(DeliverBlock block)
    {
        Assert.Null(_openAt);
        Step(block.Event.At, "!");
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
