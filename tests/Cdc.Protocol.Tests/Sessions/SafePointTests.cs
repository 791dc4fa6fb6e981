using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Sessions.CollectorCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>What a heartbeat says that the service may forget: never what it still has to send, and always what is
/// durable and has come in this epoch, as rows, as a block event or as a Resolved.</summary>
public sealed class SafePointTests
{
    readonly CollectorCase _test;
    readonly SessionKey _key;

    public SafePointTests() => _test = WithSession(out _key);

    [Fact]
    [Trait("AC", "C11")]
    public void Of_a_session_in_step_what_resolved_has_passed_may_be_forgotten_though_nothing_came()
    {
        _test.Stream(Home, Resolved(150, Named(_key, 1, 1)));
        _test.Checkpoint = At(150);
        Assert.Equal(At(150), Said());
    }

    [Fact]
    [Trait("AC", "C11")]
    public void What_came_beyond_resolved_may_be_forgotten_too()
    {
        _test.Stream(Home, Resolved(150, Named(_key, 1, 1)), Rows(_key, 1, 2, 160));
        _test.Checkpoint = At(160);
        Assert.Equal(At(160), Said());
        _test.Stream(Home, Ddl(_key, 1, 3, 170));
        _test.Checkpoint = At(170);
        Assert.Equal(At(170), Said());
    }

    [Fact]
    [Trait("AC", "C11")]
    public void Once_behind_it_has_what_resolved_had_passed_before_and_nothing_of_what_it_passes_since()
    {
        SessionKey other = _test.OpenAtHome(2);
        _test.Stream(Home, Resolved(150, Named(_key, 1, 1), Named(other, 1, 1)));
        _test.Stream(Home, Resolved(200, Named(_key, 1, 1, isBehind: true)));
        Assert.Equal(["resolved 200 but 1"], _test.Delivered());
        _test.Checkpoint = At(200);
        Assert.Equal(At(150), Said());
    }

    [Fact]
    [Trait("AC", "C11")]
    public void Once_behind_it_has_what_came_beyond_resolved()
    {
        _test.Stream(Home, Resolved(150, Named(_key, 1, 1)), Rows(_key, 1, 2, 160));
        _test.Stream(Home, Resolved(165, Named(_key, 1, 2, isBehind: true)));
        _test.Checkpoint = At(160);
        Assert.Equal(At(160), Said());
    }

    [Fact]
    [Trait("AC", "C11")]
    public void After_a_reset_what_resolved_had_passed_before_is_read_again_and_may_not_be_forgotten()
    {
        SessionKey other = _test.OpenAtHome(2);
        _test.Checkpoint = At(110);
        _test.Stream(Home, Resolved(150, Named(_key, 1, 1), Named(other, 1, 1)));
        _test.Stream(Home, Rows(_key, 1, 9, 160));
        _test.Stream(Home, new StreamItem.Handshake(_key, new(2), At(110)));
        _test.Checkpoint = At(150);
        Assert.Equal(At(110), Said());
    }

    [Fact]
    [Trait("AC", "C2")]
    public void What_came_beyond_resolved_does_not_come_again_after_a_reset()
    {
        _test.Stream(Home, Resolved(150, Named(_key, 1, 1)), Rows(_key, 1, 2, 160), Rows(_key, 1, 9, 180));
        _test.Stream(
            Home, new StreamItem.Handshake(_key, new(2), At(100)), Rows(_key, 2, 2, 160), Rows(_key, 2, 3, 170));
        Assert.Equal(["rows 170 first last"], _test.Delivered());
    }

    CommitTs Said()
    {
        _test.Pass(10);
        return _test.Sent<SessionHeartbeat>().Single().Message.Sessions.Single(s => s.Session == _key).Checkpoint;
    }
}
