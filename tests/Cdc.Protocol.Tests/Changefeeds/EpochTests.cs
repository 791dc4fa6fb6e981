using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Changefeeds.Story;

namespace Cdc.Protocol.Tests.Changefeeds;

/// <summary>Who may speak: the epoch is stored before it is granted, and late words change nothing.</summary>
public sealed class EpochTests
{
    [Fact]
    [Trait("AC", "Controller_AddOperatorBumpsAndPersistsOwnershipEpoch")]
    [Trait("AC", "BumpChangefeedEpoch")]
    public void An_epoch_is_stored_before_it_is_granted()
    {
        Story story = Running();
        story.HoldsPersists = true;
        Assert.Equal("store Normal e2 @100", story.Asks(Second));
        Assert.Equal("grant e2 Run @100 to a", story.PersistEnds(PersistOutcome.Persisted));
    }

    [Theory]
    [InlineData(PersistOutcome.Refused)]
    [InlineData(PersistOutcome.Unknown)]
    [Trait("AC", "BumpChangefeedEpochRetriesOnCASConflict")]
    public void An_epoch_that_may_not_be_stored_is_granted_to_nobody(PersistOutcome outcome)
    {
        Story story = Running();
        story.HoldsPersists = true;
        story.Asks(Second);
        Assert.Equal("", story.PersistEnds(outcome));
        Assert.True(story.HasEnded);
    }

    [Fact]
    public void The_same_activation_that_asks_again_has_the_epoch_that_it_has()
    {
        Story story = Running();
        Assert.Equal("grant e1 Run @100 to a", story.Asks(First));
        Assert.Equal("grant e1 Run @100 to a", story.Restarts().Asks(First));
        story.Asks(Second);
        Assert.Equal("refuse to a", story.Asks(First));
        Assert.Equal("grant e2 Run @100 to a", story.Asks(Second));
    }

    [Fact]
    [Trait("AC", "ManagerMaintainerSet_AddMaintainerRejectsOlderEpoch")]
    public void An_activation_that_had_an_epoch_and_lost_it_never_gets_another()
    {
        Story story = Running();
        story.Asks(Second);
        story.Asks(Third);
        Assert.Equal("refuse to a", story.Asks(Guid.Empty));
        Assert.Equal("refuse to a", story.Restarts().Asks(First));
        Assert.Equal("refuse to a", story.Asks(Second));
        Assert.Equal("grant e3 Run @100 to a", story.Asks(Third));
    }

    [Fact]
    public void What_is_kept_of_former_activations_is_bounded()
    {
        Story story = Running();
        for (byte i = 10; i < 60; i++) story.Asks(new Guid(i, 0, 0, new byte[8]));
        Assert.Equal(8, story.Stored.Epochs.Former.Length);
        Assert.Equal("e51", $"{story.Stored.Epochs.Latest}");
    }

    [Fact]
    [Trait("AC", "MaintainerHeartbeatAdmissionDropsStaleMaintainerEpoch")]
    [Trait("AC", "HandleBootstrapResponsesKeepsCurrentEpochAndStopsStaleDuplicate")]
    [Trait("AC", "FinishBootstrapStopsStaleEpochMaintainerWithReportedEpoch")]
    public void Whatever_comes_with_an_old_epoch_changes_nothing_and_is_told_so()
    {
        Story story = Running();
        story.Asks(Second);
        Assert.Equal("superseded e1 by e2 to a", story.Reports(1, 500));
        Assert.Equal("superseded e1 by e2 to a", story.Reports(1, 500, Lasting()));
        Assert.Equal("superseded e1 by e2 to a", story.Hears(new ParkRequest(new(1), new(5), 1, null)));
        Assert.Equal("superseded e1 by e2 to a", story.Hears(new MaintainerStopped(new(1))));
        Assert.Equal("", story.After(5));
        Assert.Equal(Ts(100), story.Stored.Checkpoint);
    }

    [Fact]
    public void An_epoch_that_it_has_not_given_means_that_another_incarnation_has()
    {
        Story story = Running();
        Assert.Equal("end", story.Reports(2, 500));
        Assert.True(story.HasEnded);
        Assert.Equal(Ts(100), story.Stored.Checkpoint);
    }

    [Fact]
    public void An_epoch_that_nobody_has_is_nobody_s_to_speak_with()
    {
        Story story = Running();
        story.Does(new Cdc.Protocol.Changefeeds.PauseChangefeed(2));
        story.Hears(new MaintainerStopped(new(1)));
        Assert.Equal("", story.Reports(2, 500, Lasting()));
        Assert.Equal("", story.After(5));
        Assert.Equal(Ts(100), story.Stored.Checkpoint);
    }

    [Fact]
    [Trait("AC", "Coordinator_ScaleNode")]
    [Trait("AC", "AddMaintainerOperator_OnNodeRemove")]
    public void A_maintainer_that_is_silent_for_10_seconds_is_replaced_and_one_whose_node_is_gone_at_once()
    {
        Story story = Running();
        Assert.Equal("", story.After(9.8));
        Assert.Equal("activate Run; activate Run", story.After(1.5));
        story.Asks(Second, "b");
        story.Does(new NodesChanged([new("a"), new("b")]));
        Assert.Equal("", story.After(5));
        story.Does(new NodesChanged([new("a")]));
        Assert.Equal("activate Run", story.After(0.1));
    }

    [Fact]
    public void Another_one_that_speaks_from_elsewhere_is_not_taken_for_gone_with_that_node()
    {
        Story story = Running();
        story.Asks(Second, "b");
        story.After(2);
        story.Does(new NodesChanged([new("a")]));
        Assert.Equal("activate Run", story.After(0.1));
        story.Asks(Third, "a");
        Assert.Equal("", story.After(5));
    }

    [Fact]
    public void A_maintainer_that_speaks_is_not_replaced()
    {
        Story story = Running();
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal("", story.After(5));
            Assert.Equal("persisted e1 @100", story.Reports(1, 100));
        }
    }

    [Fact]
    [Trait("AC", "CoordinatorBootstrap_BootstrapWithUnStoppedChangefeed")]
    public void Restarted_it_waits_for_the_maintainer_that_it_has_before_it_wants_another()
    {
        Story story = Running().Restarts();
        story.Does(new NodesChanged([new("b")]));
        Assert.Equal("", story.After(9.9));
        Assert.Equal("activate Run", story.After(1));
        Assert.Equal("store Normal e1 @120; persisted e1 @120", story.Reports(1, 120));
        Assert.Equal("", story.After(9));
    }
}
