using Cdc.Protocol;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>One step of a span, to be applied whole.</summary>
public sealed record WriteUnit(CommitTs At, IReadOnlyList<RowChange> Rows, Action Flushed, Action Failed);

/// <summary>One claim of a span at the sink of its node: one transaction at a time, in order. A crash of the node leaves
/// the open one to the target, which commits it later or not at all.</summary>
/// <param name="fenced">The owner has lost its span.</param>
public sealed class SpanWriter(
    Agenda agenda, Rng rng, SinkFaults faults, ModelTarget target, SimNode node, TableSpan span, Owner owner,
    Action fenced)
{
    readonly Queue<WriteUnit> _queue = new();
    readonly List<Action<bool>> _whenIdle = [];
    readonly int _longPauses = node.LongPauses;
    bool _isOpen;
    bool _isBroken;

    public TableId Table => span.Table;

    /// <summary>Takes the span at the target; waits for transactions that are open on it.</summary>
    /// <param name="answer">Whether it has it, and what the target knows of how far it is. Null: it failed.</param>
    public void Claim(Action<bool?, CommitTs?> answer)
    {
        if (faults.Claims.Next() is not { } fault)
        {
            ClaimNow(answer);
            return;
        }

        if (fault.Fails) agenda.In(fault.AnsweredIn, () => node.Run(() => answer(null, null)));
        if (fault.DoneIn is { } delay) agenda.In(delay, () => ClaimLate(fault.Fails ? null : answer));
    }

    /// <summary>The claim is at the target: whether its node lives changes nothing any more.</summary>
    void ClaimLate(Action<bool?, CommitTs?>? answer)
    {
        if (target.Progress.IsBusy(span))
        {
            agenda.In(TimeSpan.FromMilliseconds(5), () => ClaimLate(answer));
            return;
        }

        bool isClaimed = target.TryClaim(span, owner, node, out CommitTs? position);
        if (!node.IsAlive) faults.Claims.CameLate(isRefused: !isClaimed);
        if (answer is not null) node.Run(() => answer(isClaimed, position));
    }

    void ClaimNow(Action<bool?, CommitTs?> answer)
    {
        if (target.Progress.IsBusy(span))
        {
            agenda.In(TimeSpan.FromMilliseconds(5), () => node.Run(() => ClaimNow(answer)));
            return;
        }

        bool isClaimed = target.TryClaim(span, owner, node, out CommitTs? position);
        agenda.In(faults.Latency(rng), () => node.Run(() => answer(isClaimed, position)));
    }

    public void Write(WriteUnit unit)
    {
        _queue.Enqueue(unit);
        Next();
    }

    /// <summary>Calls back once everything handed over before is durable; with false, once some of it has
    /// failed.</summary>
    public void Flush(Action<bool> done)
    {
        if (!_isOpen && _queue.Count == 0) done(!_isBroken);
        else _whenIdle.Add(done);
    }

    /// <summary>Executes a block event under this owner. Null: it failed.</summary>
    public void Execute(BlockStep block, Action<bool?> answer)
    {
        if (target.Begin(span, owner) is not { } row)
        {
            if (node.LongPauses > _longPauses) faults.RefusedLate();
            agenda.In(faults.Latency(rng), () => node.Run(() =>
            {
                fenced();
                answer(null);
            }));
            return;
        }

        Epoch epoch = node.Obeys();
        agenda.In(faults.Latency(rng), () =>
        {
            target.Rollback(row, [], rng);
            bool fails = faults.Fails(rng) || (!node.IsAlive && rng.Chance(0.5));
            bool? outcome = fails ? null : !target.Execute(block, epoch);
            if (outcome is not null && faults.FailsAfterwards(rng)) outcome = null;
            node.Run(() => answer(outcome));
        });
    }

    /// <summary>Copies the table, as the source is now. Null: it failed.</summary>
    public void Copy(ModelSource source, Action<CommitTs?> answer)
    {
        CommitTs at = source.Resolved;
        agenda.In(faults.Latency(rng) + faults.Latency(rng), () =>
        {
            bool exists = source.Tables[span.Table].IsThereAt(at);
            bool isCopied = exists && !faults.Fails(rng) && target.Copy(span, owner, at);
            node.Run(() => answer(isCopied ? at : null));
        });
    }

    void Next()
    {
        while (!_isOpen && _queue.TryDequeue(out WriteUnit? unit))
        {
            ProgressRow? row = _isBroken ? null : target.Begin(span, owner);
            if (row is null)
            {
                if (!_isBroken) Fenced();
                Break(unit);
                continue;
            }

            List<WriteUnit> units = [unit];
            for (int more = rng.Below(4); more > 0 && _queue.TryDequeue(out WriteUnit? next); more--) units.Add(next);
            _isOpen = true;
            agenda.In(faults.Latency(rng), () =>
            {
                bool applies = !faults.FailsFor(span.Table, rng) && (node.IsAlive || rng.Chance(0.5));
                if (applies) target.Commit(row, units);
                else target.Rollback(row, units, rng);
                bool isFlushed = applies && !faults.FailsAfterwards(rng);
                node.Run(() => Ended(units, isFlushed));
            });
        }

        if (_isOpen || _queue.Count > 0) return;
        Action<bool>[] waiting = [.. _whenIdle];
        _whenIdle.Clear();
        foreach (Action<bool> done in waiting) done(!_isBroken);
    }

    void Ended(List<WriteUnit> units, bool isFlushed)
    {
        _isOpen = false;
        foreach (WriteUnit unit in units)
        {
            if (isFlushed) unit.Flushed();
            else Break(unit);
        }

        Next();
    }

    void Fenced()
    {
        if (node.LongPauses > _longPauses) faults.RefusedLate();
        agenda.In(faults.Latency(rng), () => node.Run(fenced));
    }

    void Break(WriteUnit unit)
    {
        _isBroken = true;
        unit.Failed();
    }
}
