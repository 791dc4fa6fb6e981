using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Sessions.ServiceCase;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>What can't be sent for want of credit is not read from the log again and again.</summary>
public sealed class StarvedTests
{
    readonly ServiceCase _test = new(new ScriptedLog().Row(10, 1, "twelve bytes").Row(20, 2, "x"));

    public StarvedTests()
    {
        _test.Grow(20);
        _test.Hear(new Register(Key(1), One, CommitTs.End(5), false));
        _test.Hear(new Reset(Key(1), new(1), CommitTs.End(5)));
        // One piece goes beyond the credit, the next one does not.
        Assert.Equal(2, _test.Log.Reads);
    }

    [Fact]
    public void It_is_read_again_when_credit_has_come()
    {
        for (int i = 0; i < 10; i++) _test.Pass(0.1);
        _test.Grow(30);
        _test.Hear(new Credit(1, 0));
        Assert.Equal(2, _test.Log.Reads);
        _test.Hear(new Credit(1, 100));
        Assert.Equal(["d1 rows 10 #3", "d1 rows 10 #4 last"], _test.Lines().Where(static l => l.StartsWith('d')));
    }

    [Fact]
    public void It_is_read_again_when_the_session_is_reset()
    {
        _test.Hear(new Reset(Key(1), new(2), CommitTs.End(5)));
        Assert.Contains("d1 handshake s2", _test.Lines());
        Assert.True(_test.Log.Reads > 2);
    }

    [Fact]
    public void Another_session_that_is_lower_gets_its_piece_meanwhile()
    {
        _test.Hear(new Register(Key(2), Two, CommitTs.End(4), false));
        _test.Hear(new Reset(Key(2), new(1), CommitTs.End(4)));
        Assert.Contains("d2 rows 20 #2 last", _test.Lines());
    }
}
