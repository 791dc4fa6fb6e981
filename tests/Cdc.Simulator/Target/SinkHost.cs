using Cdc.Protocol;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>One node's sink: does what its dispatchers want, against the one target.</summary>
public sealed class SinkHost(
    Agenda agenda, Rng rng, SinkFaults faults, bool enqueues, ModelSource source, ModelTarget target, SimNode node,
    Action<Input> answer)
{
    readonly Dictionary<(DispatcherId, Owner), SpanWriter> _writers = [];
    readonly Dictionary<(DispatcherId, Owner), OpenStep> _open = [];

    public void Do(DispatcherEffect effect)
    {
        (DispatcherId, Owner) key = (effect.Dispatcher, effect.Owner);
        switch (effect)
        {
            case ClaimSpan claim:
                _open.Remove(key);
                SpanWriter claimed = new(agenda, rng, faults, target, node, claim.Span, claim.Owner, () =>
                    answer(new OwnerRefused(claim.Mode, claim.Dispatcher, claim.Owner)));
                _writers[key] = claimed;
                claimed.Claim((isClaimed, position) => answer(isClaimed switch
                {
                    true => new SpanClaimed(claim.Mode, claim.Dispatcher, claim.Owner, claim.Ticket, position),
                    false => new OwnerRefused(claim.Mode, claim.Dispatcher, claim.Owner),
                    null => new OperationFailed(
                        claim.Mode, claim.Dispatcher, claim.Owner, claim.Ticket, FaultKind.Transient),
                }));
                break;
            case WriteRows rows:
                Write(key, rows);
                break;
            case FlushSink flush:
                Find(key).Flush(isDurable => answer(isDurable
                    ? new SinkFlushed(flush.Mode, flush.Dispatcher, flush.Owner, flush.Ticket)
                    : new OperationFailed(
                        flush.Mode, flush.Dispatcher, flush.Owner, flush.Ticket, FaultKind.Transient)));
                break;
            case WriteBlock write:
                BlockStep block = source.FindBlock(write.Event)
                    ?? throw new ViolationException("block events", $"{write.Event} is not in the source");
                Find(key).Execute(block, outcome => answer(outcome is { } wasRecorded
                    ? new BlockWritten(write.Mode, write.Dispatcher, write.Owner, write.Ticket, wasRecorded)
                    : new OperationFailed(
                        write.Mode, write.Dispatcher, write.Owner, write.Ticket, FaultKind.Transient)));
                break;
            case CopySpan copy:
                Find(key).Copy(source, at => answer(at is { } position
                    ? new CopyFinished(copy.Mode, copy.Dispatcher, copy.Owner, copy.Ticket, position)
                    : new OperationFailed(copy.Mode, copy.Dispatcher, copy.Owner, copy.Ticket, FaultKind.Transient)));
                break;
            case DropSpan:
                _writers.Remove(key);
                _open.Remove(key);
                target.LetGo(effect.Owner);
                break;
            default:
                break;
        }
    }

    void Write((DispatcherId, Owner) key, WriteRows rows)
    {
        if (!_open.TryGetValue(key, out OpenStep? open) || rows.Rows.IsFirst) _open[key] = open = new();
        open.Rows.AddRange(RowsCodec.Read(Find(key).Table, rows.Rows.Payload.Span));
        open.Batches.Add(rows);
        // The next piece of a step comes when this one is taken, and it is durable with the last one only.
        if (enqueues || !rows.Rows.IsLast)
        {
            agenda.In(TimeSpan.FromTicks(rng.Between(100, 2000)), () => node.Run(() =>
                answer(new RowsEnqueued(rows.Mode, rows.Dispatcher, rows.Owner, rows.Batch))));
        }

        if (!rows.Rows.IsLast) return;
        _open.Remove(key);
        Find(key).Write(new(
            rows.Rows.At,
            open.Rows,
            () =>
            {
                foreach (WriteRows batch in open.Batches)
                    answer(new RowsFlushed(batch.Mode, batch.Dispatcher, batch.Owner, batch.Batch));
            },
            () =>
            {
                foreach (WriteRows batch in open.Batches)
                {
                    answer(new RowsFailed(
                        batch.Mode, batch.Dispatcher, batch.Owner, batch.Batch, FaultKind.Transient));
                }
            }));
    }

    SpanWriter Find((DispatcherId, Owner) key) =>
        _writers.TryGetValue(key, out SpanWriter? writer)
            ? writer
            : throw new ViolationException("INV-S", $"{key.Item1} {key.Item2} uses the sink without a claim");

    sealed class OpenStep
    {
        public List<RowChange> Rows { get; } = [];
        public List<WriteRows> Batches { get; } = [];
    }
}
