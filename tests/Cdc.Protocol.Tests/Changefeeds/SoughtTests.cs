using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Changefeeds.Story;

namespace Cdc.Protocol.Tests.Changefeeds;

/// <summary>A manager that no maintainer speaks to asks whether anything is to run.</summary>
public sealed class SoughtTests
{
    [Fact]
    public void Where_a_maintainer_has_the_epoch_nobody_is_answered()
    {
        Story story = Running();
        Assert.Equal("", story.IsSought(1));
        // Another one has it since: it takes that node over when it sees it.
        story.After(11);
        story.Asks(Second);
        Assert.Equal("", story.IsSought(1));
        Assert.Equal("", story.IsSought(2));
    }

    [Fact]
    public void Whatever_else_a_record_says_an_epoch_that_a_maintainer_has_is_nobody_elses()
    {
        Story story = Running();
        story.After(11);
        story.Asks(Second);
        Story forged = new(story.Stored with { State = ChangefeedState.Stopped });
        Assert.Equal("store Stopped e2 @100", forged.IsSought(1));
    }

    [Fact]
    public void While_everything_is_being_closed_a_maintainer_says_so_and_not_the_changefeed()
    {
        Story story = Running();
        story.Does(new PauseChangefeed(2));
        Assert.Equal("", story.IsSought(1));
        Assert.Equal("store Stopped closing Remove e2 free @100; answer 3 Done; activate Remove", story.Does(new RemoveChangefeed(3)));
        Assert.Equal("", story.IsSought(1));
    }

    [Fact]
    public void Paused_and_closed_it_has_who_is_left_close_at_an_epoch_that_is_nobodys()
    {
        Story story = Paused();
        Assert.Equal("close e2 to m", story.IsSought(1));
        Assert.Equal("close e2 to m", story.IsSought(1));
        Assert.Equal("", story.Hears(new CloseResponse(new(2), true), "m"));
        // Whoever runs it next has a greater one.
        story.Does(new ResumeChangefeed(3));
        Assert.Equal("", story.IsSought(1));
        Assert.Equal("store Normal e3 @100; grant e3 Run @100 to a", story.Asks(Second));
        Assert.Equal("", story.IsSought(1));
    }

    [Fact]
    public void Who_closes_already_is_not_told_again() => Assert.Equal("", Paused().IsSought(2));

    [Fact]
    public void Failed_or_finished_it_is_as_paused()
    {
        Story failed = Running();
        failed.Reports(1, 100, Lasting());
        failed.Hears(new MaintainerStopped(new(1)));
        Assert.Equal("close e2 to m", failed.IsSought(1));

        Story finished = Running(Ts(200));
        finished.Reports(1, 200);
        finished.Hears(new MaintainerStopped(new(1)));
        Assert.Equal("close e2 to m", finished.IsSought(1));
    }

    [Fact]
    public void In_a_pause_after_a_failure_who_is_left_closes_and_behind_it_a_maintainer_comes()
    {
        Story story = Running();
        story.Reports(1, 100, Passing());
        story.Hears(new MaintainerStopped(new(1)));
        Assert.Equal("close e2 to m", story.IsSought(1));
        story.After(12);
        Assert.Equal("", story.IsSought(1));
    }

    [Fact]
    public void Removed_it_is_activated_by_the_question_and_answers_it()
    {
        Story story = Paused();
        story.Does(new RemoveChangefeed(3));
        story.Asks(Second);
        story.Hears(new MaintainerStopped(new(3)));
        Assert.True(story.HasEnded);
        Assert.Equal("close e4 remove to m", story.Restarts().IsSought(1));
        Assert.Equal("end", story.After(1));
    }

    [Fact]
    public void A_removed_one_whose_first_input_is_the_time_still_hears_what_it_was_activated_for()
    {
        Story story = Paused();
        story.Does(new RemoveChangefeed(3));
        story.Asks(Second);
        story.Hears(new MaintainerStopped(new(3)));
        Story again = new(story.Stored);
        Assert.Equal("store Removed e4 free @100", again.Does(Tick.Now));
        Assert.Equal("", again.After(0.9));
        Assert.Equal("close e4 remove to m", again.IsSought(1));
        Assert.Equal("end", again.After(0.1));
    }

    [Fact]
    public void Where_there_is_no_record_that_is_looked_at_again_before_anybody_is_told_to_clean_up()
    {
        Story story = new();
        Assert.Equal("confirm missing; close e5 remove to m", story.IsSought(5));
        // It read before it was created, and another incarnation has made and run it since.
        story.HoldsPersists = true;
        Assert.Equal("confirm missing", story.IsSought(5));
        Assert.Equal("", story.PersistEnds(PersistOutcome.Refused));
        Assert.True(story.HasEnded);
    }

    [Fact]
    public void What_is_not_the_latest_any_more_tells_nobody_to_close()
    {
        // Its record is stored before it answers: refused, if another has resumed it since.
        Story story = new(Paused().Stored) { HoldsPersists = true };
        Assert.Equal("store Stopped e2 free @100", story.IsSought(1));
        Assert.Equal("", story.PersistEnds(PersistOutcome.Refused));
        Assert.True(story.HasEnded);
    }

    [Fact]
    public void One_who_has_heard_of_a_later_epoch_shows_it_that_it_is_not_the_latest()
    {
        Story story = Paused();
        Assert.Equal("end", story.IsSought(3));
    }

    [Fact]
    public void Who_obeys_nobody_is_told_nothing() => Assert.Equal("", new Story().IsSought(0));

    static Story Paused()
    {
        Story story = Running();
        story.Does(new PauseChangefeed(2));
        story.Hears(new MaintainerStopped(new(1)));
        return story;
    }
}
