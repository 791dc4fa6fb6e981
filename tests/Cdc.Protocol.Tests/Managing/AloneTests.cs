using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

/// <summary>No maintainer speaks to a node any more: none sees it, or there is none.</summary>
public sealed class AloneTests
{
    readonly TestNode _node = new();

    public AloneTests()
    {
        _node.Bootstrap(5);
        _node.Work(D(1), Whole(7));
        _node.Tick();
        _node.Forget();
    }

    [Fact]
    public void Silent_for_a_minute_its_maintainer_is_sought_every_ten_seconds()
    {
        PassSeconds(59);
        Assert.Empty(_node.Said<MaintainerSought>());
        PassSeconds(1);
        Send asked = Assert.Single(_node.Done.OfType<Send>(), static s => s.Message is MaintainerSought);
        Assert.Equal((Party.Changefeed, new Epoch(5)), (asked.To, ((MaintainerSought)asked.Message).Epoch));
        PassSeconds(9);
        Assert.Single(_node.Said<MaintainerSought>());
        PassSeconds(101);
        Assert.Equal(12, _node.Said<MaintainerSought>().Count());
    }

    [Fact]
    public void Whatever_its_maintainer_says_shows_that_it_is_there()
    {
        PassSeconds(50);
        _node.Hear(new CheckpointNotice(new(5), At(1)));
        PassSeconds(59);
        Assert.Empty(_node.Said<MaintainerSought>());
        PassSeconds(20);
        Assert.NotEmpty(_node.Said<MaintainerSought>());
        _node.Instruct(InstructionKind.Ignored, Ddl(30), D(1));
        _node.Forget();
        PassSeconds(59);
        Assert.Empty(_node.Said<MaintainerSought>());
    }

    [Fact]
    public void What_an_earlier_maintainer_still_says_does_not_count()
    {
        PassSeconds(50);
        _node.Hear(new CheckpointNotice(new(4), At(1)));
        _node.Hear(new PostBootstrapRequest(new(4)));
        PassSeconds(10);
        Assert.Single(_node.Said<MaintainerSought>());
    }

    [Fact]
    public void A_later_maintainer_has_its_own_minute()
    {
        PassSeconds(50);
        _node.Bootstrap(6);
        PassSeconds(59);
        Assert.Empty(_node.Said<MaintainerSought>());
        PassSeconds(1);
        Assert.Equal(new Epoch(6), Assert.Single(_node.Said<MaintainerSought>()).Epoch);
    }

    [Fact]
    public void Told_to_close_it_closes_says_so_and_asks_nobody_any_more()
    {
        _node.Rows(D(1), 15);
        PassSeconds(60);
        _node.Forget();
        _node.Hear(new CloseRequest(new(6), false), Party.Changefeed);
        PassSeconds(100);
        Assert.Empty(_node.Said<MaintainerSought>());
        _node.Flushed(D(1), 1);
        CloseResponse answer = _node.Said<CloseResponse>().Last();
        Assert.Equal((new Epoch(6), true), (answer.Epoch, answer.IsClosed));
        _node.Forget();
        PassSeconds(100);
        Assert.Empty(_node.Done);
        Assert.Null(_node.Manager.CheckpointOf(Mode.Event, D(1)));
    }

    [Fact]
    public void While_it_closes_for_the_changefeed_it_reports_to_the_maintainer_that_it_had()
    {
        _node.Rows(D(1), 15);
        _node.Hear(new CloseRequest(new(6), false), Party.Changefeed);
        _node.Tick();
        Assert.All(_node.Done.OfType<Send>().Where(static s => s.Message is Heartbeat), static s => Assert.Equal(Maintainer, s.To));
        Assert.Contains(_node.Said<Heartbeat>(), static h => h.Epoch == new Epoch(6));
    }

    [Fact]
    public void Nobody_was_ever_there_and_nobody_is_sought()
    {
        TestNode node = new();
        for (int i = 0; i < 100; i++) node.Pass(TimeSpan.FromSeconds(1));
        Assert.Empty(node.Done);
    }

    [Fact]
    public void What_nobody_hears_is_said_as_often_as_the_maintainer_is_sought_until_it_speaks()
    {
        _node.Answers = false;
        _node.Wait(D(1), Ddl(20), Blocks(0, 7));
        PassSeconds(100, refused: true);
        _node.Forget();
        PassSeconds(100, refused: true);
        Assert.Equal(10, _node.Said<MaintainerSought>().Count());
        Assert.Equal(10, _node.Said<BlockStatusRequest>().Count());
        Assert.Equal(20, _node.Said<Heartbeat>().Count());
        Assert.Equal(10, _node.Said<Heartbeat>().Count(static h => h.IsComplete));
        _node.Hear(new CheckpointNotice(new(5), At(1)));
        _node.Forget();
        PassSeconds(10, refused: true);
        Assert.True(_node.Said<BlockStatusRequest>().Count() >= 50);
        Assert.True(_node.Said<Heartbeat>().Count() >= 50);
    }

    [Fact]
    public void One_whose_clock_jumps_reports_as_ever_while_its_maintainer_has_the_time_to_speak()
    {
        _node.Pass(TimeSpan.FromHours(3));
        Assert.Single(_node.Said<MaintainerSought>());
        _node.Forget();
        PassSeconds(10);
        Assert.True(_node.Said<Heartbeat>().Count() >= 50);
    }

    [Fact]
    public void What_is_heard_is_said_as_often_as_ever()
    {
        // It hears the node, and the node does not hear it: 5 s between two reports stay 5 s.
        _node.Answers = false;
        _node.Wait(D(1), Ddl(20), Blocks(0, 7));
        PassSeconds(10, refused: true);
        _node.Answers = true;
        PassSeconds(100);
        _node.Forget();
        PassSeconds(100);
        Assert.Equal(20, _node.Reports.Length);
    }

    /// <summary>Time passes as it does on a node.</summary>
    /// <param name="seconds">How long.</param>
    /// <param name="refused">Whether each report is answered with a failure.</param>
    void PassSeconds(int seconds, bool refused = false)
    {
        for (int i = 0; i < seconds * 10; i++)
        {
            int said = _node.Done.Count;
            _node.Tick();
            if (!refused) continue;
            foreach (Send send in _node.Done.Skip(said).OfType<Send>().ToArray())
                if (send.Token is { } token) _node.Put(new SendEnded(token, false));
        }
    }
}
