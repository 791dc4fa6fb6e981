using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

/// <summary>The sink behind a <see cref="ChaosNode"/>: it writes in any order, or fails, and knows what has become
/// durable and what was executed.</summary>
sealed class ChaosSink(ChaosNode node, ChaosLog log, Random random)
{
    readonly HashSet<(int Table, ulong Commit)> _durable = [];
    readonly HashSet<(int Table, ulong Commit)> _executed = [];

    public void Step(bool mayFail)
    {
        ChaosLife[] busy = [.. node.Lives.Values.Where(l => l.Given.Count > 0)];
        if (busy.Length == 0) return;
        ChaosLife life = busy[random.Next(busy.Length)];
        int index = random.Next(life.Given.Count);
        (long batch, ulong commit, bool isLast, bool isEnqueued) = life.Given[index];
        if (!isEnqueued)
        {
            life.Given[index] = (batch, commit, isLast, true);
            node.Put(new RowsEnqueued(Mode.Event, life.Id, life.Owner, batch));
            return;
        }

        // A step becomes durable with its last piece.
        if (!life.Whole.Contains(commit)) return;
        life.Given.RemoveAt(index);
        if (mayFail && random.Next(10) == 0)
        {
            node.Meet("rows failed");
            life.Failed.Add(commit);
            node.Put(new RowsFailed(Mode.Event, life.Id, life.Owner, batch, FaultKind.Transient));
            return;
        }

        bool isDone = !life.Failed.Contains(commit) && life.Given.All(g => g.Commit != commit);
        if (isDone) _durable.Add((life.Table, commit));
        node.Put(new RowsFlushed(Mode.Event, life.Id, life.Owner, batch));
    }

    public void Do(ChaosLife life, DispatcherEffect effect, bool isFailing)
    {
        switch (effect)
        {
            case ClaimSpan claim:
                life.Given.Clear();
                life.Whole.Clear();
                life.Failed.Clear();
                Answer(life, claim.Ticket, isFailing,
                    new SpanClaimed(Mode.Event, life.Id, life.Owner, claim.Ticket, null), null);
                break;
            case WriteRows rows:
                Assert.NotEqual(0ul, life.Session);
                Assert.True(life.Waiting is not { } at || node.CheckpointOf(life) >= At(at));
                if (rows.Rows.IsLast) life.Whole.Add(rows.Rows.At.Commit);
                life.Given.Add((rows.Batch, rows.Rows.At.Commit, rows.Rows.IsLast, false));
                break;
            case FlushSink flush:
                Answer(life, flush.Ticket, isFailing, new SinkFlushed(Mode.Event, life.Id, life.Owner, flush.Ticket),
                    () =>
                    {
                        foreach (var given in life.Given) _durable.Add((life.Table, given.Commit));
                        life.Given.Clear();
                    });
                break;
            case WriteBlock write:
                ulong commit = write.Event.At.Commit;
                MustHaveRowsBefore(life, commit);
                Assert.Empty(life.Given);
                life.Waiting = null;
                Answer(life, write.Ticket, isFailing,
                    new BlockWritten(Mode.Event, life.Id, life.Owner, write.Ticket, false),
                    () => Execute(life, commit));
                break;
        }
    }

    /// <summary>Here, or by another node.</summary>
    public void Execute(ChaosLife life, ulong commit) => _executed.Add((life.Table, commit));

    public void MustHaveExecuted(ChaosLife life, ulong commit) => Assert.Contains((life.Table, commit), _executed);

    public void MustHaveRowsBefore(ChaosLife life, ulong commit) =>
        Assert.All(log.RowsBefore(life.Table, commit), c => Assert.Contains((life.Table, c), _durable));

    public void MustHaveAllUpTo(ChaosLife life, CommitTs checkpoint)
    {
        foreach ((ulong commit, BlockPayload? payload) in log.Of(life.Table))
        {
            if (At(commit) > checkpoint) break;
            Assert.Contains((life.Table, commit), payload is null ? _durable : _executed);
        }
    }

    void Answer(ChaosLife life, long ticket, bool isFailing, Input well, Action? before)
    {
        if (isFailing) node.Meet("operation failed");
        Input failed = new OperationFailed(Mode.Event, life.Id, life.Owner, ticket, FaultKind.Transient);
        if (isFailing) node.Later(failed);
        else node.Later(well, before);
    }
}
