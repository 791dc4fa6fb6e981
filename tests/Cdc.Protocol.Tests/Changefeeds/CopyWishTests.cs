using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Changefeeds.Story;

namespace Cdc.Protocol.Tests.Changefeeds;

/// <summary>Whoever asked for a parked table to come back gets that, whatever maintainers come and go.</summary>
public sealed class CopyWishTests
{
    readonly Story _story = Running();

    string Parks(ulong epoch, ulong number, CommitTs? copiedAt = null) =>
        _story.Hears(new ParkRequest(new(epoch), new(5), number, copiedAt));

    [Fact]
    public void A_wish_is_stored_before_it_is_answered_and_said_to_every_report_until_the_table_is_back()
    {
        Parks(1, 1);
        Assert.Equal("store Normal e1 @100 parked 5 wanted 5; answer 2 Done", _story.Does(new CopyTable(2, new(5))));
        Assert.Equal("answer 3 Done", _story.Does(new CopyTable(3, new(5))));
        Assert.Equal("persisted e1 @100; copy e1 5 #1", _story.Reports(1, 100));
        Assert.Equal("persisted e1 @100; copy e1 5 #1", _story.Reports(1, 100));
        Assert.Equal("store Normal e1 @100; parked 5 #2 copied @150 to a", Parks(1, 2, Ts(150)));
        Assert.Equal("persisted e1 @100", _story.Reports(1, 100));
    }

    [Fact]
    public void A_maintainer_that_takes_over_hears_of_it_and_so_does_one_after_a_restart()
    {
        Parks(1, 1);
        _story.Does(new CopyTable(2, new(5)));
        Assert.Equal("store Normal e2 @100 parked 5 wanted 5; grant e2 Run @100 parked 5 to b", _story.Asks(Second, "b"));
        Assert.Equal("persisted e2 @100; copy e2 5 #0", _story.Reports(2, 100));
        Assert.Equal("persisted e2 @100; copy e2 5 #0", _story.Restarts().Reports(2, 100));
    }

    [Fact]
    public void While_it_does_not_run_the_wish_waits()
    {
        Parks(1, 1);
        _story.Does(new PauseChangefeed(2));
        Assert.Equal("store Stopped closing Stop e1 @100 parked 5 wanted 5; answer 3 Done; stop e1", _story.Does(new CopyTable(3, new(5))));
        Assert.Equal("", _story.Reports(1, 100));
        _story.Hears(new MaintainerStopped(new(1)));
        _story.Does(new ResumeChangefeed(4));
        _story.Asks(Second);
        Assert.Equal("persisted e3 @100; copy e3 5 #0", _story.Reports(3, 100));
    }

    [Fact]
    public void A_table_that_is_not_parked_is_not_promised_and_one_that_is_parked_once_more_not_any_longer()
    {
        Assert.Equal("answer 2 NotParked", _story.Does(new CopyTable(2, new(5))));
        Parks(1, 1);
        _story.Does(new CopyTable(3, new(5)));
        Assert.Equal("parked 5 #1 to a", Parks(1, 1));
        Assert.Equal("store Normal e1 @100 parked 5; parked 5 #2 to a", Parks(1, 2));
        Assert.Equal("persisted e1 @100", _story.Reports(1, 100));
    }

    [Fact]
    public void One_that_has_not_bootstrapped_is_not_told_yet()
    {
        Parks(1, 1);
        _story.Does(new CopyTable(2, new(5)));
        Assert.Equal("", _story.Hears(new MaintainerReport(new(1), Ts(100), false, [])));
    }
}
