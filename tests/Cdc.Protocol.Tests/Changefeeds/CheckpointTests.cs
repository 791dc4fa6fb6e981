using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Changefeeds.Story;

namespace Cdc.Protocol.Tests.Changefeeds;

/// <summary>What is durable, and what is out of the schedule: stored first, said then.</summary>
public sealed class CheckpointTests
{
    [Fact]
    [Trait("AC", "UpdateChangefeedCheckpointTs")]
    public void A_checkpoint_is_said_to_be_stored_only_when_it_is()
    {
        Story story = Running();
        story.After(1);
        story.HoldsPersists = true;
        Assert.Equal("store Normal e1 @120", story.Reports(1, 120));
        Assert.Equal("persisted e1 @120", story.PersistEnds(PersistOutcome.Persisted));
    }

    [Fact]
    public void A_checkpoint_is_stored_once_a_second_at_most_and_the_last_one_counts()
    {
        Story story = Running();
        Assert.Equal("", story.Reports(1, 110));
        Assert.Equal("", story.Reports(1, 120));
        Assert.Equal("store Normal e1 @120; persisted e1 @120", story.After(1));
        Assert.Equal("", story.Reports(1, 130));
        Assert.Equal("", story.Reports(1, 125));
        Assert.Equal("store Stopped closing Stop e1 @130; persisted e1 @130; answer 2 Done; stop e1", story.Does(new Cdc.Protocol.Changefeeds.PauseChangefeed(2)));
    }

    [Fact]
    [Trait("AC", "Changefeed_UpdateStatus")]
    public void A_checkpoint_never_goes_back()
    {
        Story story = Running();
        story.After(1);
        story.Reports(1, 120);
        story.After(1);
        Assert.Equal("persisted e1 @120", story.Reports(1, 110));
        Assert.Equal("", story.After(2));
        story.Asks(Second);
        Assert.Equal("persisted e2 @120", story.Reports(2, 90));
        Assert.Equal(Ts(120), story.Stored.Checkpoint);
    }

    [Fact]
    public void A_checkpoint_that_was_stored_is_said_again_when_it_is_reported_again()
    {
        Story story = Running();
        story.After(1);
        Assert.Equal("store Normal e1 @120; persisted e1 @120", story.Reports(1, 120));
        Assert.Equal("persisted e1 @120", story.Reports(1, 120));
    }

    [Fact]
    public void What_is_reported_while_it_closes_counts_as_well()
    {
        Story story = Running();
        story.Does(new Cdc.Protocol.Changefeeds.PauseChangefeed(2));
        Assert.Equal("", story.Reports(1, 120));
        Assert.Equal("store Stopped e2 free @120", story.Hears(new MaintainerStopped(new(1))));
    }

    [Fact]
    public void A_table_is_parked_when_that_is_stored_and_the_next_maintainer_hears_of_it()
    {
        Story story = Running();
        story.HoldsPersists = true;
        Assert.Equal("store Normal e1 @100 parked 5", story.Hears(new ParkRequest(new(1), new(5), 1, null)));
        Assert.Equal("parked 5 #1 to a", story.PersistEnds(PersistOutcome.Persisted));
        story.HoldsPersists = false;
        Assert.Equal("parked 5 #1 to a", story.Hears(new ParkRequest(new(1), new(5), 1, null)));
        Assert.Equal("store Normal e1 @100 parked 5; parked 5 #2 to a", story.Hears(new ParkRequest(new(1), new(5), 2, null)));
        Assert.Equal("store Normal e1 @100 parked 3 parked 5; parked 3 #1 to a", story.Hears(new ParkRequest(new(1), new(3), 1, null)));
        Assert.Equal("store Normal e2 @100 parked 3 parked 5; grant e2 Run @100 parked 3 parked 5 to a", story.Restarts().Asks(Second));
    }

    [Fact]
    public void A_late_repeat_neither_parks_again_nor_puts_back_what_was_parked_since()
    {
        Story story = Running();
        story.Hears(new ParkRequest(new(1), new(5), 1, null));
        Assert.Equal("store Normal e1 @100; parked 5 #2 copied @140 to a", story.Hears(new ParkRequest(new(1), new(5), 2, Ts(140))));
        Assert.Equal("", story.Hears(new ParkRequest(new(1), new(5), 1, null)));
        Assert.Equal("store Normal e1 @100 parked 5; parked 5 #3 to a", story.Hears(new ParkRequest(new(1), new(5), 3, null)));
        Assert.Equal("", story.Restarts().Hears(new ParkRequest(new(1), new(5), 2, Ts(140))));
        Assert.Equal("5", string.Join(",", story.Stored.Parking.Tables.Select(static parked => $"{parked.Table}")));
    }

    [Fact]
    public void What_is_asked_of_other_tables_meanwhile_does_not_make_a_late_repeat_count()
    {
        Story story = Running();
        story.Hears(new ParkRequest(new(1), new(5), 1, null));
        story.Hears(new ParkRequest(new(1), new(5), 2, Ts(140)));
        story.Hears(new ParkRequest(new(1), new(3), 1, null));
        Assert.Equal("", story.Hears(new ParkRequest(new(1), new(5), 1, null)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_requests_of_a_new_epoch_are_counted_anew(bool isOtherFirst)
    {
        Story story = Running();
        story.Hears(new ParkRequest(new(1), new(5), 7, null));
        story.Asks(Second);
        if (isOtherFirst)
        {
            Assert.Equal("store Normal e2 @100 parked 5; parked 6 #1 copied @120 to a", story.Hears(new ParkRequest(new(2), new(6), 1, Ts(120))));
            Assert.Single(story.Stored.Parking.Heard);
            Assert.Equal("store Normal e2 @100; parked 5 #1 copied @140 to a", story.Hears(new ParkRequest(new(2), new(5), 1, Ts(140))));
            return;
        }

        Assert.Equal("store Normal e2 @100; parked 5 #1 copied @140 to a", story.Hears(new ParkRequest(new(2), new(5), 1, Ts(140))));
        Assert.Single(story.Stored.Parking.Heard);
    }
}
