using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;
using static Cdc.Protocol.Tests.Scheduling.ScheduleRig;

namespace Cdc.Protocol.Tests.Scheduling;

public sealed class CheckpointTests
{
    readonly ScheduleRig _rig = new();

    CommitTs? Checkpoint => _rig.Calculator.Calculate(null);

    [Fact]
    [Trait("AC", "MaintainerCalculateNewCheckpointTs")]
    [Trait("AC", "ControllerGetMinCheckpointTsForNonReplicatingSpans")]
    public void It_is_the_least_of_watermarks_spans_that_do_not_replicate_and_barriers_that_add_tables()
    {
        _rig.RunTrigger(A, 80);
        _rig.Running(1, B);
        _rig.Beats(A, 1, 80, false);
        _rig.Beats(B, 1, 70, false);
        Assert.Equal(Ts(70), Checkpoint);
        _rig.Absent(2, at: 60);
        Assert.Equal(Ts(60), Checkpoint);
        Assert.Equal(Ts(50), _rig.Calculator.Calculate(Ts(50)));
        Assert.Equal(Ts(60), _rig.Calculator.Calculate(Ts(65)));
    }

    [Fact]
    [Trait("AC", "MaintainerCalCheckpointTsSkipsInvalidGlobalCheckpoint")]
    public void A_node_with_spans_and_without_a_watermark_ends_the_round()
    {
        _rig.RunTrigger(A, 80);
        _rig.Running(1, B);
        Assert.Equal(Ts(10), Checkpoint);
        _rig.Calculator.NodeLeft(B);
        Assert.Null(Checkpoint);
        Assert.Equal([B], _rig.Calculator.Missing());
        _rig.Beats(B, 1, null, false);
        Assert.Null(Checkpoint);
        _rig.Beats(B, 1, 30, false);
        Assert.Equal(Ts(30), Checkpoint);
    }

    [Fact]
    public void A_node_whose_spans_were_taken_over_ends_the_round_until_it_is_heard_of()
    {
        _rig.RunTrigger(A, 80);
        SpanTask task = _rig.Absent(1);
        _rig.Schedule.Spans.MakeScheduling(task, B, new Owner(3, 1));
        _rig.Schedule.Spans.MakeReplicating(task);
        Assert.Null(Checkpoint);
        Assert.Equal([B], _rig.Calculator.Missing());
    }

    [Fact]
    public void A_node_that_left_and_came_back_is_not_believed_what_it_said_of_fewer_dispatchers()
    {
        _rig.RunTrigger(A, 80);
        SpanTask task = _rig.Running(1, A, at: 20);
        _rig.Leaves(A);
        _rig.Schedule.Spans.MakeScheduling(_rig.Schedule.Trigger, A, _rig.Schedule.Trigger.Owner);
        _rig.Schedule.Spans.MakeReplicating(_rig.Schedule.Trigger);
        _rig.Schedule.Spans.MakeScheduling(task, A, task.Owner);
        _rig.Schedule.Spans.MakeReplicating(task);
        _rig.Beats(A, 1, 80, false);
        Assert.Null(Checkpoint);
        _rig.Beats(A, 2, 20, false);
        Assert.Equal(Ts(20), Checkpoint);
    }

    [Fact]
    public void A_node_without_spans_does_not_count()
    {
        _rig.RunTrigger(A, 80);
        _rig.Beats(B, 3, 5, false);
        Assert.Equal(Ts(80), Checkpoint);
    }

    [Fact]
    public void A_greater_sequence_is_believed_though_its_checkpoint_is_lower()
    {
        // Else a stale, larger one would be persisted, and what lies between lost in a crash.
        _rig.RunTrigger(A, 80);
        _rig.Beats(A, 2, 40, false);
        Assert.Equal(Ts(40), Checkpoint);
    }

    [Fact]
    public void At_the_same_sequence_only_a_greater_checkpoint_is_believed()
    {
        _rig.RunTrigger(A, 80);
        _rig.Beats(A, 1, 60, false);
        Assert.Equal(Ts(80), Checkpoint);
        _rig.Beats(A, 1, null, false);
        Assert.Equal(Ts(80), Checkpoint);
        _rig.Beats(A, 1, 90, false);
        Assert.Equal(Ts(90), Checkpoint);
    }

    [Fact]
    public void A_smaller_sequence_is_not_believed_though_its_checkpoint_is_greater()
    {
        _rig.RunTrigger(A, 80);
        _rig.Beats(A, 2, 40, false);
        _rig.Beats(A, 1, 90, false);
        Assert.Equal(Ts(40), Checkpoint);
    }

    [Fact]
    public void A_span_that_begins_to_replicate_never_lets_the_checkpoint_pass_it()
    {
        // The watermark of the message that reports it working is the first that includes it.
        _rig.RunTrigger(A, 80);
        SpanTask task = _rig.Absent(1, at: 20);
        _rig.Schedule.Add(task, A, _rig.Now);
        _rig.Beats(A, 1, 85, false);
        Assert.Equal(Ts(20), Checkpoint);
        _rig.Beats(A, 2, 20, false, Working(task));
        Assert.True(task.IsReplicating);
        Assert.Equal(Ts(20), Checkpoint);
    }

    [Fact]
    [Trait("AC", "ControllerCheckpointTsTrackerBindSpanToNode")]
    [Trait("AC", "ControllerCheckpointTsTrackerDirectScheduling")]
    public void A_span_that_moves_counts_with_its_own_checkpoint()
    {
        _rig.RunTrigger(C, 80);
        SpanTask task = _rig.Running(1, A, at: 30);
        _rig.Schedule.Move(task, B, _rig.Now);
        _rig.Beats(A, 1, 99, false);
        Assert.Equal(Ts(30), Checkpoint);
        _rig.Says(A, task, ComponentState.Stopped, 35);
        Assert.Equal(Ts(35), Checkpoint);
    }

    [Fact]
    public void An_executed_event_that_adds_a_table_holds_it_at_its_position_from_the_first_moment()
    {
        // While the barrier is open its position is the bound; from Apply on the new table's is.
        _rig.RunTrigger(A, 80);
        Assert.Equal(Ts(50), _rig.Calculator.Calculate(Ts(50)));
        BlockPayload create = BlockPayload.Of(new Influence.Normal([TableId.Trigger])) with
        {
            Added = [new AddedTable(Table(5), "shop", true)],
        };
        _rig.Schedule.Apply(create, Ts(50), _rig.Now);
        Assert.Equal(Ts(50), Checkpoint);
    }

    [Fact]
    [Trait("AC", "Controller_MaintainerCommittedCheckpointMonotonic")]
    public void What_is_committed_never_goes_back()
    {
        CommittedCheckpoint committed = new(Ts(10));
        Assert.True(committed.Raise(Ts(20)));
        Assert.False(committed.Raise(Ts(15)));
        Assert.False(committed.Raise(Ts(20)));
        Assert.Equal(Ts(20), committed.Value);
    }

    [Fact]
    [Trait("AC", "CheckpointTsTrackerMin")]
    [Trait("AC", "CheckpointTsTrackerIgnoresMissingUpdate")]
    [Trait("AC", "CheckpointTsTrackerRemovesStaleCheckpointTs")]
    [Trait("AC", "ControllerCheckpointTsTrackerReplaceAndRemove")]
    public void The_heap_always_has_the_least_of_what_was_added_raised_and_removed()
    {
        Random random = new(5);
        CheckpointHeap heap = new();
        List<SpanTask> inside = [];
        for (int i = 0; i < 20_000; i++)
        {
            int what = random.Next(4);
            if (what <= 1 || inside.Count == 0)
            {
                CommitTs at = Ts((ulong)random.Next(500));
                SpanTask task = new(Mode.Event, new(new Epoch(1), (ulong)i), TableSpan.Whole(Table(i)), "s", at);
                heap.Add(task);
                inside.Add(task);
            }
            else
            {
                SpanTask task = inside[random.Next(inside.Count)];
                if (what == 2 && task.Raise(Ts((ulong)random.Next(500)))) heap.Raised(task);
                if (what == 3)
                {
                    heap.Remove(task);
                    heap.Remove(task);
                    inside.Remove(task);
                }
            }

            Assert.Equal(inside.Count, heap.Count);
            if (i % 50 == 0) Assert.Equal(inside.Min(static t => t.Checkpoint), heap.Min!.Checkpoint);
        }
    }
}
