using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

public sealed class HeartbeatTests
{
    readonly TestNode _node = new();

    public HeartbeatTests()
    {
        _node.Bootstrap();
        _node.Tick();
        _node.Forget();
    }

    [Fact]
    [Trait("AC", "M4")]
    public void A_state_is_told_at_the_next_tick_with_the_watermark_that_includes_it()
    {
        ulong before = _node.Watermark.Sequence;
        _node.Work(D(1), Whole(7));
        _node.Forget();
        _node.Tick();
        Heartbeat told = Assert.Single(_node.Said<Heartbeat>());
        Assert.Equal(ComponentState.Working, told.Statuses.Single().State);
        Assert.Equal(At(10), told.Watermark.Checkpoint);
        Assert.True(told.Watermark.Sequence > before);
        Assert.False(told.IsComplete);
    }

    [Fact]
    public void The_watermark_goes_out_every_200_ms_and_everything_every_10_s()
    {
        _node.Work(D(1), Whole(7));
        _node.Tick();
        _node.Tick();
        _node.Forget();
        for (int i = 0; i < 100; i++) _node.Tick();
        Heartbeat[] told = [.. _node.Said<Heartbeat>()];
        Assert.Equal(1, told.Count(h => h.IsComplete));
        Assert.Equal(50, told.Count(h => !h.IsComplete));
        Assert.Equal(D(1), told.Single(h => h.IsComplete).Statuses.Single().Id);
        Assert.All(told.Where(h => !h.IsComplete), h => Assert.Empty(h.Statuses));
    }

    [Fact]
    [Trait("AC", "M4")]
    public void The_watermark_is_the_smallest_and_does_not_go_back_unless_something_was_added()
    {
        Assert.Null(_node.Watermark.Checkpoint);
        _node.Work(D(1), Whole(7), 10);
        _node.Work(D(2), Whole(8), 12);
        Assert.Equal(At(10), _node.Watermark.Checkpoint);
        _node.Resolved(20);
        ulong sequence = _node.Watermark.Sequence;
        Assert.Equal(At(20), _node.Watermark.Checkpoint);
        _node.Rows(D(2), 25);
        _node.Resolved(30);
        Assert.Equal(At(25).Previous, _node.Watermark.Checkpoint);
        _node.Flushed(D(2), 1);
        Assert.Equal(At(30), _node.Watermark.Checkpoint);
        Assert.Equal(sequence, _node.Watermark.Sequence);
        _node.Create(D(3), Whole(9), 15);
        Assert.Equal(At(15), _node.Watermark.Checkpoint);
        Assert.True(_node.Watermark.Sequence > sequence);
    }

    [Fact]
    public void Rows_durable_beyond_what_is_resolved_do_not_make_the_watermark_go_back()
    {
        _node.Work(D(1), Whole(7), 10);
        _node.Resolved(11);
        _node.Rows(D(1), 20);
        _node.Flushed(D(1), 1);
        Assert.Equal(At(20), _node.Watermark.Checkpoint);
        _node.Resolved(15);
        Assert.Equal(At(20), _node.Watermark.Checkpoint);
        _node.Resolved(21);
        Assert.Equal(At(21), _node.Watermark.Checkpoint);
    }

    [Fact]
    public void Those_that_are_being_removed_count_until_they_are_gone()
    {
        _node.Work(D(1), Whole(7), 10);
        _node.Work(D(2), Whole(8), 10);
        _node.Rows(D(1), 20);
        _node.Resolved(30);
        _node.Remove(D(1));
        Assert.Equal(At(20).Previous, _node.Watermark.Checkpoint);
        _node.Flushed(D(1), 1);
        Assert.Equal(At(30), _node.Watermark.Checkpoint);
    }

    [Fact]
    public void One_that_was_idle_does_not_count_when_it_is_gone()
    {
        _node.Work(D(1), Whole(7));
        _node.Resolved(20);
        _node.Remove(D(1));
        Assert.Null(_node.Watermark.Checkpoint);
    }

    [Fact]
    public void The_watermark_is_the_smallest_checkpoint_whatever_rises_comes_and_goes()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Random random = new(seed);
            TestNode node = new();
            node.Bootstrap();
            HashSet<ulong> there = [];
            List<(ulong Number, long Batch)> given = [];
            for (ulong step = 12; step < 150; step++)
            {
                ulong number = (ulong)random.Next(1, 20);
                if (there.Add(number)) node.Work(D(number), Whole((long)number), (ulong)random.Next(1, (int)step));
                else if (random.Next(12) == 0 && !given.Exists(g => g.Number == number) && there.Remove(number)) node.Remove(D(number));
                else if (random.Next(3) > 0)
                {
                    node.Rows(D(number), step);
                    long batch = node.Last<WriteRows>(D(number)).Batch;
                    node.Enqueued(D(number), batch);
                    given.Add((number, batch));
                }

                if (given.Count > 0 && random.Next(2) == 0)
                {
                    int index = random.Next(given.Count);
                    node.Flushed(D(given[index].Number), given[index].Batch);
                    given.RemoveAt(index);
                }

                if (random.Next(10) == 0) node.Resolved(step);
                CommitTs? smallest = there.Count == 0 ? null : there.Min(n => node.Checkpoint(D(n)));
                Assert.Equal(smallest, node.Watermark.Checkpoint);
                node.Forget();
            }
        }
    }

    [Fact]
    public void Another_owner_is_told_everything_at_once()
    {
        _node.Work(D(1), Whole(7));
        _node.Tick();
        _node.Bootstrap(2);
        _node.Forget();
        _node.Tick();
        Heartbeat told = Assert.Single(_node.Said<Heartbeat>(), static h => h.IsComplete);
        Assert.Equal((new Epoch(2), D(1)), (told.Epoch, told.Statuses.Single().Id));
    }

    [Fact]
    public void The_first_failure_stays_and_is_told_at_once_and_every_5_s_until_everything_is_closed()
    {
        _node.Put(new NodeFailed(FaultKind.Transient, "The target is away."));
        _node.Put(new NodeFailed(FaultKind.Permanent, "The cable is cut."));
        for (int i = 0; i < 100; i++) _node.Tick();
        NodeFailure[] failures = [.. _node.Said<Heartbeat>().SelectMany(h => h.Failures)];
        Assert.Equal(3, failures.Length);
        Assert.All(failures, f => Assert.Equal(new NodeFailure(Id, FaultKind.Transient, "The target is away.", null), f));
        _node.Hear(new CloseRequest(new Epoch(1), false));
        _node.Bootstrap(2);
        _node.Forget();
        _node.Pass(ManagerTimes.Failure);
        Assert.Empty(_node.Said<Heartbeat>().SelectMany(h => h.Failures));
    }

    [Fact]
    public void A_failure_of_the_node_is_told_once_also_where_there_are_two_pipelines()
    {
        _node.Bootstrap(2, Trigger, DispatcherId.TriggerOf(Mode.Redo));
        _node.Forget();
        _node.Put(new NodeFailed(FaultKind.Transient, "The target is away."));
        Assert.Single(_node.Said<Heartbeat>().SelectMany(static h => h.Failures));
    }

    [Fact]
    public void What_a_dispatcher_needs_and_is_lost_for_ever_is_a_failure_for_an_operator()
    {
        _node.Work(D(1), Whole(7));
        Owner owner = _node.OwnerOf(D(1));
        _node.Put(new SessionLost(Mode.Event, D(1), owner, _node.SessionOf(D(1)) + 1, At(10), "Of another session."));
        _node.Put(new SessionLost(Mode.Event, D(1), new(9, 9), _node.SessionOf(D(1)), At(10), "Of another incarnation."));
        _node.Tick();
        Assert.Empty(_node.Said<Heartbeat>().SelectMany(h => h.Failures));
        _node.Put(new SessionLost(Mode.Event, D(1), owner, _node.SessionOf(D(1)), At(10), "It is lost."));
        Assert.Equal(
            new NodeFailure(Id, FaultKind.Permanent, "It is lost.", new(Mode.Event, D(1), owner)),
            Assert.Single(_node.Said<Heartbeat>().SelectMany(h => h.Failures)));
    }

    [Fact]
    public void A_redo_pipeline_is_told_apart_and_only_where_there_is_one()
    {
        _node.Pass(ManagerTimes.Complete);
        Assert.All(_node.Said<Heartbeat>(), h => Assert.Equal(Mode.Event, h.Mode));
        _node.Bootstrap(2, Trigger, DispatcherId.TriggerOf(Mode.Redo));
        _node.Work(D(1), Whole(7), 10, mode: Mode.Redo);
        _node.Work(D(2), Whole(7), 20);
        _node.Forget();
        _node.Pass(ManagerTimes.Complete);
        Assert.Equal(
            [(Mode.Event, At(20)), (Mode.Redo, At(10))],
            _node.Said<Heartbeat>().Where(h => h.IsComplete).Select(h => (h.Mode, h.Watermark.Checkpoint!.Value)));
    }

    [Fact]
    public void A_resolved_that_the_collector_said_before_it_had_a_session_does_not_hold_for_it_in_either_mode()
    {
        _node.Bootstrap(2, Trigger, DispatcherId.TriggerOf(Mode.Redo));
        _node.Work(D(1), Whole(7), 10, mode: Mode.Redo);
        _node.Work(D(2), Whole(7), 10);
        ulong opened = _node.SessionOf(D(1), Mode.Redo);
        _node.Put(new ResolvedArrived(At(20), opened, []));
        Assert.Equal(At(20), _node.Manager.CheckpointOf(Mode.Redo, D(1)));
        Assert.Equal(At(10), _node.Manager.CheckpointOf(Mode.Event, D(2)));
    }

    [Fact]
    public void Twenty_thousand_idle_dispatchers_are_not_looked_at_when_the_stream_moves_on()
    {
        const int Count = 20_000;
        TestNode node = new();
        node.Bootstrap();
        for (ulong n = 1; n <= Count; n++) node.Work(D(n), Whole((long)n));
        node.Resolved(11);
        node.Pass(ManagerTimes.Complete);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong commit = 12; commit < 3_012; commit++) node.Resolved(commit);
        long perResolved = (GC.GetAllocatedBytesForCurrentThread() - before) / 3_000;
        Assert.True(perResolved < 1_000, $"{perResolved} bytes for each Resolved");
        Assert.Equal(At(3_011), node.Watermark.Checkpoint);
        Assert.Equal(At(3_011), node.Checkpoint(D(77)));
    }
}
