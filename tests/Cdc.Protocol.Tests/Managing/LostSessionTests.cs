using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

/// <summary>A part of the log is lost at the source. That fails the changefeed where somebody needs it, and only
/// there.</summary>
public sealed class LostSessionTests
{
    readonly TestNode _node = new();

    public LostSessionTests()
    {
        _node.Bootstrap();
        _node.Work(D(1), Whole(7));
        _node.Tick();
        _node.Forget();
    }

    /// <summary>The session asked for what lies behind, and was refused.</summary>
    void Loses(ulong behind) =>
        _node.Put(new SessionLost(Mode.Event, D(1), _node.OwnerOf(D(1)), _node.SessionOf(D(1)), At(behind), "It is lost."));

    NodeFailure[] Told()
    {
        _node.Pass(ManagerTimes.Failure);
        NodeFailure[] told = [.. _node.Said<Heartbeat>().SelectMany(static h => h.Failures)];
        _node.Forget();
        return told;
    }

    [Fact]
    public void A_dispatcher_that_has_it_in_hand_goes_on_and_one_that_has_not_fails_the_changefeed()
    {
        _node.Rows(D(1), 20);
        Loses(10);
        Assert.Empty(Told());
        _node.Enqueued(D(1), 1);
        Loses(10);
        Assert.Empty(Told());
        _node.Flushed(D(1), 1);
        Assert.Equal(At(20), _node.Checkpoint(D(1)));
        Loses(10);
        Assert.Empty(Told());
        Loses(20);
        Assert.Equal("It is lost.", Told()[0].Message);
    }

    [Fact]
    public void One_that_waits_at_a_block_event_goes_on_from_there()
    {
        _node.Wait(D(1), Ddl(30), Blocks(0, 7));
        Loses(29);
        Assert.Empty(Told());
        _node.Instruct(InstructionKind.Pass, Ddl(30), D(1));
        Assert.Equal(At(30), _node.Checkpoint(D(1)));
        Loses(30);
        Assert.NotEmpty(Told());
    }

    [Fact]
    public void A_leftover_behind_the_persisted_checkpoint_fails_nobody()
    {
        _node.Hear(new CheckpointNotice(new(1), At(11)));
        Loses(10);
        Assert.Empty(Told());
    }

    [Fact]
    public void What_was_said_of_one_is_over_when_the_persisted_checkpoint_passes_it()
    {
        Loses(10);
        Assert.NotEmpty(Told());
        Assert.NotEmpty(Told());
        _node.Hear(new CheckpointNotice(new(1), At(11)));
        Assert.Empty(Told());
    }

    [Fact]
    public void Each_that_needs_it_is_named_so_that_a_leftover_hides_nobody()
    {
        _node.Work(D(2), Whole(8));
        Loses(10);
        _node.Put(new SessionLost(Mode.Event, D(2), _node.OwnerOf(D(2)), _node.SessionOf(D(2)), At(10), "It is lost, too."));
        DispatcherKey first = new(Mode.Event, D(1), _node.OwnerOf(D(1)));
        DispatcherKey second = first with { Dispatcher = D(2), Owner = _node.OwnerOf(D(2)) };
        _node.Forget();
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(
                [
                    new(Id, FaultKind.Permanent, "It is lost.", first),
                    new(Id, FaultKind.Permanent, "It is lost, too.", second),
                ],
                Told());
        }

        _node.Remove(D(1));
        Assert.Equal(second, Assert.Single(Told()).Of);
    }

    [Fact]
    public void Of_many_that_need_it_each_has_its_turn()
    {
        for (ulong n = 2; n <= 100; n++)
        {
            _node.Work(D(n), Whole(6 + (long)n));
            Owner owner = _node.OwnerOf(D(n));
            _node.Put(new SessionLost(Mode.Event, D(n), owner, _node.SessionOf(D(n)), At(10), "It is lost."));
        }

        Loses(10);
        _node.Forget();
        NodeFailure[] once = Told(), again = Told();
        Assert.Equal((64, 64), (once.Length, again.Length));
        Assert.Equal(100, once.Concat(again).Select(static f => f.Of).Distinct().Count());
    }

    [Fact]
    public void What_is_lost_again_is_said_once()
    {
        Loses(10);
        Loses(10);
        _node.Forget();
        Assert.Single(Told());
    }

    [Fact]
    public void What_is_said_of_another_session_takes_the_place_of_nothing()
    {
        Loses(10);
        ulong other = _node.SessionOf(D(1)) + 1;
        _node.Put(new SessionLost(Mode.Event, D(1), _node.OwnerOf(D(1)), other, At(10), "Of another session."));
        _node.Forget();
        Assert.Equal("It is lost.", Assert.Single(Told()).Message);
    }

    [Fact]
    public void A_leftover_that_another_maintainer_removes_does_not_fail_it()
    {
        Loses(10);
        Assert.NotEmpty(Told());
        _node.Remove(D(1));
        _node.Forget();
        _node.Bootstrap(2);
        Assert.Empty(Told());
    }
}
