using Cdc.Protocol;
using Cdc.Protocol.Dispatching;

namespace Cdc.Simulator.Checks;

/// <summary>The batches that an incarnation has given to the sink, and what the sink has said of them.</summary>
public sealed class GivenRows
{
    readonly List<Given> _given = [];
    long _last;
    CommitTs _at;

    sealed record Given(long Batch, CommitTs At, long Step, bool IsLast)
    {
        public bool IsTaken { get; set; }
        public bool IsFailed { get; set; }
    }

    /// <summary>The smallest position that is not durable; null: all are.</summary>
    public CommitTs? FirstOpen => _given.Count > 0 ? _given[0].At : null;

    public void Give(Incarnation owner, WriteRows rows, long step)
    {
        Rules.Ensure(rows.Batch == _last + 1, "INV-11", owner, $"leaves out a number behind {_last}", rows);
        Rules.Ensure(rows.Rows.At >= _at, "INV-11", owner, $"goes back from {_at}", rows);
        foreach (Given given in _given)
        {
            Rules.Ensure(given.IsTaken || given.Step == step, "INV-S4", owner,
                $"gives more before the sink has taken batch {given.Batch}", rows);
        }

        // A step that begins anew voids what came of one without its last piece.
        if (rows.Rows.IsFirst && _given.Count > 0 && !_given[^1].IsLast)
            _given.RemoveAll(g => g.At == _given[^1].At && !g.IsLast);
        (_last, _at) = (rows.Batch, rows.Rows.At);
        _given.Add(new(rows.Batch, rows.Rows.At, step, rows.Rows.IsLast));
    }

    public void Enqueued(long batch)
    {
        if (_given.Find(g => g.Batch == batch) is { } given) given.IsTaken = true;
    }

    public void Flushed(long batch) => _given.RemoveAll(g => g.Batch == batch && !g.IsFailed);

    public void Failed(long batch)
    {
        if (_given.Find(g => g.Batch == batch) is { } given) (given.IsFailed, given.IsTaken) = (true, true);
    }

    public void AllFlushed() => _given.RemoveAll(static g => !g.IsFailed);

    /// <summary>The session is closed: nobody waits for the sink to take them any more.</summary>
    public void Taken()
    {
        foreach (Given given in _given) given.IsTaken = true;
    }

    /// <summary>What is not durable comes again.</summary>
    public void Clear()
    {
        _given.Clear();
        _at = CommitTs.Zero;
    }
}
