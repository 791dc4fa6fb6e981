using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Changefeeds.Story;

namespace Cdc.Protocol.Tests.Changefeeds;

/// <summary>Created, paused, resumed, finished, removed.</summary>
public sealed class LifeTests
{
    [Fact]
    [Trait("AC", "CreateChangefeed")]
    [Trait("AC", "CoordinatorScheduling")]
    public void Created_it_wants_a_maintainer_until_one_asks()
    {
        Story story = new();
        Assert.Equal("store Normal e0 free @100; answer 1 Done; activate Run", story.Does(new CreateChangefeed(1, new(Guid.Empty), Ts(100), new(null, false))));
        Assert.Equal("activate Run; activate Run", story.After(2));
        Assert.Equal("store Normal e1 @100; grant e1 Run @100 to a", story.Asks(First));
        Assert.Equal("", story.After(5));
        Assert.Equal("answer 2 Exists", story.Does(new CreateChangefeed(2, new(Guid.Empty), Ts(100), new(null, false))));
    }

    [Fact]
    public void What_was_never_created_has_nothing_to_say()
    {
        Story story = new();
        Assert.Equal("answer 1 Missing", story.Does(new PauseChangefeed(1)));
        Assert.Equal("answer 2 Missing", story.Does(new RemoveChangefeed(2)));
        Assert.Equal("refuse to a", story.Asks(First));
        Assert.Equal("", story.Reports(3, 200));
        Assert.Equal("", story.After(60));
    }

    [Fact]
    [Trait("AC", "PauseChangefeed")]
    [Trait("AC", "StopByChangefeedID")]
    [Trait("AC", "StopChangefeedOperator_PostFinish")]
    public void Paused_it_tells_its_maintainer_until_that_has_stopped()
    {
        Story story = Running();
        Assert.Equal("store Stopped closing Stop e1 @100; answer 2 Done; stop e1", story.Does(new PauseChangefeed(2)));
        Assert.Equal("stop e1; stop e1", story.After(2));
        Assert.Equal("store Stopped e2 free @100", story.Hears(new MaintainerStopped(new(1))));
        Assert.Equal("", story.After(60));
        Assert.Equal("refuse to a", story.Asks(Second));
        Assert.Equal("answer 3 RunsNot", story.Does(new PauseChangefeed(3)));
    }

    [Fact]
    [Trait("AC", "StopChangefeedOperator_OnNodeRemove")]
    [Trait("AC", "StopNotExistsMaintainer")]
    public void Paused_without_a_living_maintainer_it_has_one_activated_to_close_what_runs()
    {
        Story story = Running();
        story.Does(new NodesChanged([new("b")]));
        Assert.Equal("store Stopped closing Stop e1 @100; answer 2 Done; stop e1; activate Pause", story.Does(new PauseChangefeed(2)));
        Assert.Equal("store Stopped closing Stop e2 @100; grant e2 Pause @100 to b", story.Asks(Second, "b"));
        Assert.Equal("store Stopped e3 free @100", story.Hears(new MaintainerStopped(new(2)), "b"));
    }

    [Fact]
    public void What_a_maintainer_said_last_may_be_lost_another_closes_again()
    {
        // It says once that it has stopped, and ends: nobody answers any more.
        Story story = Running();
        story.Does(new PauseChangefeed(2));
        string told = story.After(11);
        Assert.Equal(11, told.Split("stop e1").Length - 1);
        Assert.EndsWith("activate Pause", told);
        Assert.Equal("store Stopped closing Stop e2 @100; grant e2 Pause @100 to b", story.Asks(Second, "b"));
        Assert.Equal("stop e2", story.After(1));
        Assert.Equal("store Stopped e3 free @100", story.Hears(new MaintainerStopped(new(2)), "b"));
        Assert.Equal("", story.After(60));
    }

    [Fact]
    public void A_maintainer_that_stops_unasked_changes_nothing_and_is_missed()
    {
        Story story = Running();
        Assert.Equal("", story.Hears(new MaintainerStopped(new(1))));
        Assert.Equal(new Epoch(1), story.Stored.Epochs.Latest);
        Assert.StartsWith("activate Run", story.After(11));
    }

    [Fact]
    public void Paused_before_anything_ran_there_is_nothing_to_close()
    {
        Story story = new();
        story.Does(new CreateChangefeed(1, new(Guid.Empty), Ts(100), new(null, false)));
        Assert.Equal("store Stopped e0 free @100; answer 2 Done", story.Does(new PauseChangefeed(2)));
        Assert.Equal("", story.After(60));
    }

    [Fact]
    public void What_is_known_to_be_closed_is_not_closed_again()
    {
        Story story = Running();
        story.Does(new PauseChangefeed(2));
        story.Hears(new MaintainerStopped(new(1)));
        story.Does(new ResumeChangefeed(3));
        Assert.Equal("store Stopped e2 free @100; answer 4 Done", story.Does(new PauseChangefeed(4)));
    }

    [Fact]
    [Trait("AC", "ResumeChangefeed")]
    [Trait("AC", "ResumeChangefeedNormalState")]
    public void Resumed_it_runs_again_under_a_new_epoch_from_its_checkpoint()
    {
        Story story = Running();
        Assert.Equal("answer 2 Runs", story.Does(new ResumeChangefeed(2)));
        story.Reports(1, 150);
        story.Does(new PauseChangefeed(3));
        story.Hears(new MaintainerStopped(new(1)));
        Assert.Equal("store Normal e2 free @150; answer 4 Done; activate Run", story.Does(new ResumeChangefeed(4)));
        Assert.Equal("store Normal e3 @150; grant e3 Run @150 to a", story.Asks(Second));
    }

    [Fact]
    [Trait("AC", "ResumeChangefeedIgnoresStaleMaintainerErrorAndSchedules")]
    public void Resumed_while_it_still_closes_what_the_former_maintainer_says_is_late()
    {
        Story story = Running();
        story.Does(new PauseChangefeed(2));
        Assert.Equal("store Normal e2 free @100; answer 3 Done; activate Run", story.Does(new ResumeChangefeed(3)));
        Assert.Equal("superseded e1 by e2 to a", story.Reports(1, 200, Lasting()));
        Assert.Equal("superseded e1 by e2 to a", story.Hears(new MaintainerStopped(new(1))));
        Assert.Equal("refuse to a", story.Asks(First));
        Assert.Equal("store Normal e3 @100; grant e3 Run @100 to a", story.Asks(Second));
        Assert.Equal("", story.After(5));
    }

    [Fact]
    public void At_its_target_it_is_finished_and_closed()
    {
        Story story = Running(Ts(200));
        story.After(1);
        Assert.Equal("store Normal e1 @199; persisted e1 @199", story.Reports(1, 199));
        Assert.Equal("store Finished closing Stop e1 @200; persisted e1 @200; stop e1", story.Reports(1, 200));
        Assert.Equal("stop e1; stop e1", story.After(2));
        Assert.Equal("store Finished e2 free @200", story.Hears(new MaintainerStopped(new(1))));
        Assert.Equal("answer 2 TargetReached", story.Does(new ResumeChangefeed(2)));
        Assert.Equal("answer 3 TargetReached", story.Does(new UpdateTarget(3, Ts(200))));
        Assert.Equal("store Finished e2 free @200; answer 4 Done", story.Does(new UpdateTarget(4, Ts(300))));
        Assert.Equal("store Normal e2 free @200; answer 5 Done; activate Run", story.Does(new ResumeChangefeed(5)));
    }

    [Fact]
    public void A_target_that_is_reached_already_is_no_target()
    {
        Assert.Equal("answer 1 TargetReached", new Story().Does(new CreateChangefeed(1, new(Guid.Empty), Ts(100), new(Ts(100), false))));
    }

    [Fact]
    public void A_checkpoint_that_no_maintainer_has_found_itself_finishes_nothing()
    {
        Story story = Running(Ts(200));
        Assert.Equal("", story.Hears(new MaintainerReport(new(1), Ts(200), false, [])));
        Assert.Equal("", story.After(3));
    }

    [Fact]
    [Trait("AC", "UpdateChangefeed")]
    public void The_target_changes_only_while_it_does_not_run()
    {
        Story story = Running();
        Assert.Equal("answer 2 Runs", story.Does(new UpdateTarget(2, Ts(500))));
        story.Does(new PauseChangefeed(3));
        Assert.Equal("store Stopped closing Stop e1 @100; answer 4 Done; stop e1", story.Does(new UpdateTarget(4, Ts(500))));
        Assert.Equal(Ts(500), story.Stored.Settings.TargetTs);
    }

    [Fact]
    [Trait("AC", "RemoveChangefeed")]
    public void Removed_it_is_marked_only_when_its_maintainer_has_stopped()
    {
        Story story = Running();
        Assert.Equal("store Stopped closing Remove e1 @100; answer 2 Done; stop e1 remove", story.Does(new RemoveChangefeed(2)));
        Assert.Equal("answer 3 Removed", story.Does(new ResumeChangefeed(3)));
        Assert.Equal("answer 4 Done", story.Does(new RemoveChangefeed(4)));
        Assert.Equal("stop e1 remove; stop e1 remove", story.After(2));
        Assert.Equal("store Removed e2 free @100; end", story.Hears(new MaintainerStopped(new(1))));
        Assert.True(story.HasEnded);
    }

    [Fact]
    public void Removed_while_it_closes_for_a_pause_the_end_of_the_pause_does_not_count()
    {
        Story story = Running();
        story.Does(new PauseChangefeed(2));
        Assert.Equal("store Stopped closing Remove e2 free @100; answer 3 Done; activate Remove", story.Does(new RemoveChangefeed(3)));
        Assert.Equal("superseded e1 by e2 to a", story.Hears(new MaintainerStopped(new(1))));
        Assert.Equal(Closing.Remove, story.Stored.Closing);
        Assert.Equal("store Stopped closing Remove e3 @100; grant e3 Remove @100 to a", story.Asks(Second));
        Assert.Equal("store Removed e4 free @100; end", story.Hears(new MaintainerStopped(new(3))));
    }

    [Fact]
    public void Removed_after_it_was_stopped_one_more_maintainer_cleans_up()
    {
        Story story = Running();
        story.Does(new PauseChangefeed(2));
        story.Hears(new MaintainerStopped(new(1)));
        Assert.Equal("store Stopped closing Remove e2 free @100; answer 3 Done; activate Remove", story.Does(new RemoveChangefeed(3)));
        Assert.Equal("store Stopped closing Remove e3 @100; grant e3 Remove @100 to b", story.Asks(Second, "b"));
        Assert.Equal("store Removed e4 free @100; end", story.Hears(new MaintainerStopped(new(3)), "b"));
    }

    [Fact]
    public void Removed_before_anything_ran_it_is_gone_at_once()
    {
        Story story = new();
        story.Does(new CreateChangefeed(1, new(Guid.Empty), Ts(100), new(null, false)));
        Assert.Equal("store Removed e0 free @100; answer 2 Done; end", story.Does(new RemoveChangefeed(2)));
        story.Restarts();
        Assert.Equal("refuse to a", story.Asks(First));
        Assert.Equal("answer 3 Removed; end", story.Does(new RemoveChangefeed(3)));
        Assert.Equal("answer 4 Removed; end", story.Restarts().Does(new ResumeChangefeed(4)));
    }
}
