using Cdc.Protocol;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>What of a hand-over is applied in one transaction: whole steps of one span.</summary>
public sealed record WriteUnit(
    IReadOnlyList<(CommitTs At, IReadOnlyList<RowChange> Rows)> Steps, Action Flushed, Action Failed);

/// <summary>One incarnation of a dispatcher at the sink of its node: one transaction at a time, in order. A crash of the node
/// leaves the open one to the target, which commits it later or not at all.</summary>
public sealed class SpanWriter(
    Agenda agenda, Rng rng, SinkFaults faults, ModelTarget target, SimNode node, TableSpan span, Owner owner)
{
    readonly Queue<WriteUnit> _queue = new();
    readonly List<Action> _whenIdle = [];
    readonly List<Action> _whenClosed = [];
    bool _isOpen;
    bool _isBroken;

    /// <summary>Takes the span at the target; waits for transactions that are open on it.</summary>
    public void Claim(Action<CommitTs?> answer)
    {
        if (target.IsBusy(span))
        {
            agenda.In(TimeSpan.FromMilliseconds(5), () => node.Run(() => Claim(answer)));
            return;
        }

        CommitTs? position = target.Claim(span, owner);
        agenda.In(faults.Latency(rng), () => node.Run(() => answer(position)));
    }

    public void Write(WriteUnit unit)
    {
        if (_isBroken) return;
        _queue.Enqueue(unit);
        Next();
    }

    /// <summary>Calls back once everything handed over before is durable; never, if some of it failed.</summary>
    public void Flush(Action done)
    {
        if (_isBroken) return;
        if (!_isOpen && _queue.Count == 0) done();
        else _whenIdle.Add(done);
    }

    /// <summary>Calls back once nothing of it is open at the target any more; what has not begun is given up.</summary>
    public void Drop(Action done)
    {
        _queue.Clear();
        _isBroken = true;
        if (!_isOpen) done();
        else _whenClosed.Add(done);
    }

    /// <summary>Executes a block event under this owner. Null: it failed, or the owner has lost its span.</summary>
    public void Execute(BlockStep block, Action<bool?> answer)
    {
        if (target.Begin(span, owner) is not { } row)
        {
            agenda.In(faults.Latency(rng), () => node.Run(() => answer(null)));
            return;
        }

        _isOpen = true;
        agenda.In(faults.Latency(rng), () =>
        {
            target.Rollback(row);
            bool? outcome = !node.IsAlive && rng.Chance(0.5) || faults.Fails(rng)
                ? null
                : !target.Execute(block);
            if (outcome is not null && faults.FailsAfterwards(rng)) outcome = null;
            node.Run(() =>
            {
                _isOpen = false;
                answer(outcome);
                Idle();
            });
        });
    }

    void Next()
    {
        if (_isOpen || _isBroken || !_queue.TryDequeue(out WriteUnit? unit)) return;
        if (target.Begin(span, owner) is not { } row)
        {
            Break(unit);
            return;
        }

        _isOpen = true;
        agenda.In(faults.Latency(rng), () =>
        {
            bool applies = !faults.Fails(rng) && (node.IsAlive || rng.Chance(0.5));
            if (applies) target.Commit(row, unit.Steps);
            else target.Rollback(row);
            bool isFlushed = applies && !faults.FailsAfterwards(rng);
            node.Run(() => Ended(unit, isFlushed));
        });
    }

    void Ended(WriteUnit unit, bool isFlushed)
    {
        _isOpen = false;
        if (isFlushed) unit.Flushed();
        else Break(unit);
        if (!_isBroken) Next();
        Idle();
    }

    void Idle()
    {
        if (_isOpen || _queue.Count > 0) return;
        Call(_whenIdle);
        Call(_whenClosed);
    }

    static void Call(List<Action> waiting)
    {
        Action[] actions = [.. waiting];
        waiting.Clear();
        foreach (Action action in actions) action();
    }

    void Break(WriteUnit unit)
    {
        _isBroken = true;
        _queue.Clear();
        _whenIdle.Clear();
        unit.Failed();
    }
}
