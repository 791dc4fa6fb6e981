using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Changefeeds.Story;

namespace Cdc.Protocol.Tests.Changefeeds;

/// <summary>Another incarnation goes on with whatever the record says is not done yet.</summary>
public sealed class RestartTests
{
    [Fact]
    public void Created_and_not_yet_run() =>
        Assert.Equal("activate Run", Created().Restarts().After(0.1));

    [Fact]
    [Trait("AC", "StopChangefeedOperator_OnTaskRemoved")]
    public void A_pause_that_is_not_done_goes_on()
    {
        Story story = Running();
        story.Does(new PauseChangefeed(2));
        Assert.Equal("stop e1", story.Restarts().After(0.1));
        Assert.Equal("store Stopped e2 free @100", story.Hears(new MaintainerStopped(new(1))));
    }

    [Fact]
    public void A_removal_that_is_not_done_goes_on()
    {
        Story story = Running();
        story.Does(new RemoveChangefeed(2));
        Assert.Equal("stop e1 remove", story.Restarts().After(0.1));
        Assert.Contains("activate Remove", story.After(11));
        Assert.Equal("store Stopped closing Remove e2 @100; grant e2 Remove @100 to b", story.Asks(Second, "b"));
        Assert.Equal("store Removed e3 free @100; end", story.Hears(new MaintainerStopped(new(2)), "b"));
    }

    [Fact]
    public void A_removal_that_was_stored_but_not_ended_ends() => Assert.Equal("end", Removed().Restarts().After(1));

    [Fact]
    public void A_finish_that_is_not_closed_goes_on()
    {
        Story story = Running(Ts(200));
        story.Reports(1, 200);
        Assert.Equal("stop e1", story.Restarts().After(0.1));
        Assert.Equal("store Finished e2 free @200", story.Hears(new MaintainerStopped(new(1))));
    }

    [Fact]
    public void A_failure_that_is_not_closed_goes_on_and_then_waits_for_the_operator()
    {
        Story story = Running();
        story.Reports(1, 100, Lasting());
        Assert.Equal("stop e1", story.Restarts().After(0.1));
        Assert.Equal("store Failed e2 free @100", story.Hears(new MaintainerStopped(new(1))));
        Assert.Equal("", story.Restarts().After(3600));
    }

    [Fact]
    public void A_pause_after_a_failure_is_kept_whole_and_the_time_down_goes_on()
    {
        Story story = Running();
        story.Reports(1, 100, Passing());
        story.Hears(new MaintainerStopped(new(1)));
        Assert.Equal("", story.Restarts().After(8.9));
        Assert.StartsWith("activate Run", story.After(2.2));
        story.Asks(Second);
        story.After(1);
        story.Reports(3, 100, Passing());
        Assert.Equal(2, story.Stored.Trouble!.Failures);
        Assert.InRange(story.Stored.Trouble.Down, TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(13));
    }

    [Fact]
    public void What_it_was_down_before_is_not_forgotten()
    {
        Story story = Running();
        story.Reports(1, 100, Passing());
        story.Hears(new MaintainerStopped(new(1)));
        story.After(600);
        story.Asks(Second);
        story.Reports(3, 100, Passing());
        story.Hears(new MaintainerStopped(new(3)));
        story.Restarts().After(60);
        story.Asks(Third);
        story.Reports(5, 100, Passing());
        Assert.InRange(story.Stored.Trouble!.Down, TimeSpan.FromSeconds(655), TimeSpan.FromSeconds(665));
    }

    [Fact]
    public void Nothing_is_stored_that_was_refused()
    {
        Story story = Running();
        story.HoldsPersists = true;
        story.Does(new PauseChangefeed(2));
        Assert.Equal("", story.PersistEnds(PersistOutcome.Refused));
        story.HoldsPersists = false;
        Assert.Equal(ChangefeedState.Normal, story.Stored.State);
        Assert.Equal("store Normal e1 @120; persisted e1 @120", story.Restarts().Reports(1, 120));
    }

    [Fact]
    public void An_incarnation_whose_record_is_not_the_latest_finds_out_before_it_does_anything()
    {
        Story story = Running();
        story.HoldsPersists = true;
        story.Restarts();
        Assert.Equal("", story.PersistEnds(PersistOutcome.Refused));
        Assert.True(story.HasEnded);
    }

    [Fact]
    public void Each_state_of_the_record_goes_on_to_its_end_whatever_is_lost()
    {
        foreach (Story story in (Story[])[Created(), Running(), Paused(), Removing(), Finishing(), Failing(), Resumed()])
        {
            ChangefeedState before = story.Stored.State;
            story.Restarts();
            for (int i = 1; i < 20 && !story.HasEnded; i++)
            {
                if (!story.After(12).Contains("activate", StringComparison.Ordinal)) continue;
                string answer = story.Asks(new Guid(i, 9, 9, new byte[8]));
                Assert.Contains("grant", answer);
                if (!answer.Contains("Run", StringComparison.Ordinal)) story.Hears(new MaintainerStopped(story.Stored.Epochs.Latest));
            }
            Assert.Equal(Closing.None, story.Stored.Closing);
            Assert.Equal(before == ChangefeedState.Stopped && story.HasEnded ? ChangefeedState.Removed : before, story.Stored.State);
        }
    }

    static Story Created()
    {
        Story story = new();
        story.Does(new CreateChangefeed(1, new(Guid.Empty), Ts(100), new(null, true)));
        return story;
    }

    static Story Paused() => With(Running(), new PauseChangefeed(2));

    static Story Resumed() => With(Paused(), new ResumeChangefeed(3));

    static Story Removing() => With(Running(), new RemoveChangefeed(2));

    static Story Removed() => With(Created(), new RemoveChangefeed(2));

    static Story Finishing() => With(Running(Ts(200)), new MaintainerReport(new(1), Ts(200), true, []));

    static Story Failing() => With(Running(), new MaintainerReport(new(1), Ts(100), true, [Lasting()]));

    static Story With(Story story, Input input)
    {
        story.Does(input);
        return story;
    }

    static Story With(Story story, Message message)
    {
        story.Hears(message);
        return story;
    }
}
