using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Changefeeds.Story;

namespace Cdc.Protocol.Tests.Changefeeds;

/// <summary>What fails is closed, paused, tried again; or left to an operator.</summary>
public sealed class FailureTests
{
    [Fact]
    [Trait("AC", "Backoff_Retry")]
    [Trait("AC", "HandleStateChangePersistsRuntimeStateWhenStateChanges")]
    public void A_failure_that_may_pass_closes_everything_pauses_and_runs_again()
    {
        Story story = Running();
        Assert.Equal("store Warning closing Stop e1 @100; stop e1", story.Reports(1, 100, Passing()));
        Assert.Equal("store Warning e2 free @100", story.Hears(new MaintainerStopped(new(1))));
        Assert.Equal("refuse to a", story.Asks(Second));
        Assert.Equal("", story.After(8.9));
        Assert.StartsWith("activate Run", story.After(2.2));
        Assert.Equal("store Warning e3 @100; grant e3 Run @100 to a", story.Asks(Third));
        Assert.Equal("busy", story.Stored.Trouble!.Message);
        Assert.Equal(new NodeId("a"), story.Stored.Trouble.Node);
    }

    [Fact]
    [Trait("AC", "Backoff_Normal")]
    public void Progress_ends_the_trouble_and_the_next_failure_is_the_first_again()
    {
        Story story = Failed(times: 3, out ulong epoch);
        Assert.Equal(3, story.Stored.Trouble!.Failures);
        Assert.Equal($"persisted e{epoch} @100", story.Reports(epoch, 100));
        Assert.Equal($"store Normal e{epoch} @101; persisted e{epoch} @101", story.Reports(epoch, 101));
        Assert.Null(story.Stored.Trouble);
        story.Reports(epoch, 101, Passing());
        Assert.Equal((1, TimeSpan.Zero), (story.Stored.Trouble!.Failures, story.Stored.Trouble.Down));
    }

    [Fact]
    [Trait("AC", "Changefeed_UpdateStatusProcessesErrorsWhenCheckpointRegresses")]
    [Trait("AC", "#5709")]
    public void A_failure_counts_also_where_the_checkpoint_beside_it_is_old()
    {
        Story story = Running();
        story.After(1);
        story.Reports(1, 150);
        Assert.Equal("store Warning closing Stop e1 @150; stop e1", story.Reports(1, 90, Passing()));
    }

    [Fact]
    [Trait("AC", "Backoff_FastFailErrorWinsOverCheckpointProgress")]
    [Trait("AC", "Backoff_TableRoutingErrorsFastFail")]
    public void A_failure_for_an_operator_fails_it_whatever_else_the_report_says()
    {
        Story story = Running();
        Assert.Equal("store Failed closing Stop e1 @150; persisted e1 @150; stop e1", story.Reports(1, 150, Passing(), Lasting()));
        Assert.Equal("no right", story.Stored.Trouble!.Message);
        Assert.Equal("store Failed e2 free @150", story.Hears(new MaintainerStopped(new(1))));
        Assert.Equal("", story.After(3600));
        Assert.Equal("store Normal e2 free @150; answer 5 Done; activate Run", story.Does(new ResumeChangefeed(5)));
        Assert.Null(story.Stored.Trouble);
    }

    [Fact]
    [Trait("AC", "Changefeed_UpdateStatusFastFailWhenBootstrapDoneChanges")]
    [Trait("AC", "Changefeed_UpdateStatusRetryableErrorWhenBootstrapDoneChanges")]
    public void A_failure_before_all_nodes_have_answered_counts_but_the_checkpoint_does_not()
    {
        Story story = Running();
        Assert.Equal("store Warning closing Stop e1 @100; stop e1", story.Hears(new MaintainerReport(new(1), Ts(500), false, [Passing()])));
        story = Running();
        Assert.Equal("store Failed closing Stop e1 @100; stop e1", story.Hears(new MaintainerReport(new(1), Ts(500), false, [Lasting()])));
    }

    [Fact]
    [Trait("AC", "Backoff_ErrorReportedWhenRetrying")]
    [Trait("AC", "HandleStateChangeSkipsDuplicateRuntimeStatePersistence")]
    [Trait("AC", "HandleStateChangeBumpsEpochForWarningState")]
    public void A_failure_that_is_reported_again_while_it_closes_or_late_counts_once()
    {
        Story story = Running();
        story.Reports(1, 100, Passing());
        Assert.Equal("", story.Reports(1, 100, Passing("another")));
        Assert.Equal("", story.Reports(1, 100, Lasting()));
        story.Hears(new MaintainerStopped(new(1)));
        Assert.Equal("superseded e1 by e2 to a", story.Reports(1, 100, Passing()));
        Assert.Equal(1, story.Stored.Trouble!.Failures);
        Assert.Equal(ChangefeedState.Warning, story.Stored.State);
    }

    [Fact]
    public void A_pause_that_is_over_does_not_run_it_while_it_is_not_closed()
    {
        Story story = Running();
        story.Reports(1, 100, Passing());
        Assert.Contains("activate Pause", story.After(30));
        Assert.Equal("store Warning closing Stop e2 @100; grant e2 Pause @100 to b", story.Asks(Second, "b"));
        Assert.Equal("store Warning e3 free @100", story.Hears(new MaintainerStopped(new(2)), "b"));
        Assert.Equal("activate Run", story.After(0.1));
    }

    [Fact]
    [Trait("AC", "Backoff_FailedWhenRetry")]
    public void Down_for_30_minutes_without_progress_it_fails()
    {
        Story story = Running();
        TimeSpan began = story.Now;
        ulong epoch = 1;
        int failures = 0;
        while (story.Reports(epoch, 100, Passing()).StartsWith("store Warning", StringComparison.Ordinal))
        {
            failures++;
            story.Hears(new MaintainerStopped(new(epoch)));
            while (story.Asks(new Guid((int)epoch, 1, 0, new byte[8])) == "refuse to a") story.After(0.1);
            epoch += 2;
        }
        Assert.Equal(ChangefeedState.Failed, story.Stored.State);
        Assert.InRange(story.Now - began, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(41));
        Assert.InRange(failures, 8, 9);
    }

    [Fact]
    public void Time_in_which_it_runs_without_news_is_not_time_down()
    {
        Story story = Failed(times: 1, out ulong epoch);
        story.Reports(epoch, 100);
        story.After(3600);
        Assert.StartsWith("store Warning", story.Reports(epoch, 100, Passing()));
        Assert.Equal(2, story.Stored.Trouble!.Failures);
        Assert.InRange(story.Stored.Trouble.Down, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Until_every_node_has_answered_it_is_down()
    {
        Story story = Failed(times: 1, out ulong epoch);
        for (int i = 0; i < 60; i++)
        {
            story.Hears(new MaintainerReport(new(epoch), Ts(100), false, []));
            story.After(10);
        }
        story.Reports(epoch, 100, Passing());
        Assert.InRange(story.Stored.Trouble!.Down, TimeSpan.FromSeconds(600), TimeSpan.FromSeconds(620));
    }

    [Fact]
    public void Pauses_double_from_10_seconds_to_10_minutes_and_vary_by_a_tenth()
    {
        HashSet<TimeSpan> seen = [], longest = [];
        for (ulong seed = 0; seed < 1000; seed++)
        {
            for (int failures = 1; failures < 40; failures++)
            {
                double expected = Math.Min(10 * Math.Pow(2, failures - 1), 600);
                TimeSpan pause = Outage.Pause(failures, seed);
                Assert.InRange(pause.TotalSeconds, expected * 0.9, Math.Min(expected * 1.1, 600));
                if (failures == 1) seen.Add(pause);
                if (failures == 39) longest.Add(pause);
            }
        }
        Assert.Equal(201, seen.Count);
        Assert.InRange(longest.Count, 90, 101);
        Assert.Equal(Outage.Pause(3, 9), Outage.Pause(3, 9));
    }

    static Story Failed(int times, out ulong epoch)
    {
        Story story = Running();
        epoch = 1;
        for (int i = 0; i < times; i++)
        {
            story.Reports(epoch, 100, Passing());
            story.Hears(new MaintainerStopped(new(epoch)));
            while (story.Asks(new Guid((int)epoch, 1, 0, new byte[8])) == "refuse to a") story.After(0.1);
            epoch += 2;
        }
        story.After(1);
        return story;
    }
}
