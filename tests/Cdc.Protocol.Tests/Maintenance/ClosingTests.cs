using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

public sealed class ClosingTests
{
    [Fact]
    [Trait("AC", "MaintainerCloseResponseIgnoredBeforeRemoving")]
    public void A_stopped_maintainer_has_every_node_close_and_then_ends()
    {
        var rig = MaintainerRig.Running([A, B], 1);
        rig.Hears(A, new CloseResponse(Ours, true));
        Assert.Equal(MaintainerPhase.Running, rig.Maintainer.Phase);
        List<Effect> said = rig.Hears(new StopMaintainer(Ours, false));
        Assert.Equal([A, B], said.OfType<Send>().Select(static send => send.To.Node));
        Assert.All(Said<CloseRequest>(said), static request => Assert.False(request.Remove));
        rig.Hears(A, new CloseResponse(Ours, true));
        rig.Hears(B, new CloseResponse(Ours, false));
        Assert.Equal(B, Assert.Single(rig.Tick(1).OfType<Send>()).To.Node);
        Assert.Equal([B], rig.Maintainer.WaitingFor(rig.Now).Closing);
        said = rig.Hears(B, new CloseResponse(Ours, true));
        Assert.Single(Said<MaintainerStopped>(said));
        Assert.IsType<End>(said[^1]);
    }

    [Fact]
    [Trait("AC", "MaintainerHeartbeatDuringRemovingSkipsFailoverRecovery")]
    [Trait("AC", "MaintainerRemovingSuppressesLegacyControlPlaneActions")]
    [Trait("AC", "Controller_QuiesceExceptFreezesNonAllowedOperators")]
    public void While_it_closes_nothing_else_is_done()
    {
        var rig = MaintainerRig.Running([A], 1);
        rig.Hears(new StopMaintainer(Ours, false));
        rig.Beats(A, 60, new SpanStatus(new(new Epoch(3), 9), new(3, 9), ComponentState.Working, Ts(60), null, null));
        Assert.Equal(["CloseRequest"], rig.Tick(1).OfType<Send>().Select(static send => send.Message.GetType().Name));
    }

    [Theory]
    [InlineData(MaintainerPurpose.Pause, false)]
    [InlineData(MaintainerPurpose.Remove, true)]
    public void An_epoch_may_be_granted_only_to_close(MaintainerPurpose purpose, bool remove)
    {
        MaintainerRig rig = new();
        rig.Hears(Grant(purpose: purpose));
        Assert.Equal(MaintainerPhase.Closing, rig.Maintainer.Phase);
        Assert.Empty(rig.Tick(1));
        Assert.Equal(remove, Assert.Single(Said<CloseRequest>(rig.Nodes(A))).Remove);
        Assert.Single(Said<MaintainerStopped>(rig.Hears(A, new CloseResponse(Ours, true))));
    }

    [Fact]
    public void A_node_that_left_need_not_close()
    {
        var rig = MaintainerRig.Running([A, B]);
        rig.Hears(new StopMaintainer(Ours, false));
        rig.Hears(A, new CloseResponse(Ours, true));
        Assert.Single(Said<MaintainerStopped>(rig.Nodes(A)));
    }

    [Fact]
    [Trait("AC", "O3")]
    public void One_that_closes_and_is_to_clean_up_leaves_that_to_another_with_an_epoch_of_its_own()
    {
        var rig = MaintainerRig.Running([A]);
        rig.Hears(new StopMaintainer(Ours, false));
        rig.Hears(new StopMaintainer(Ours, false));
        Assert.Equal(MaintainerPhase.Closing, rig.Maintainer.Phase);
        List<Effect> said = rig.Hears(new StopMaintainer(Ours, true));
        Assert.Empty(Said<MaintainerStopped>(said));
        Assert.Single(said.OfType<End>());
    }

    [Fact]
    public void One_that_cleans_up_keeps_to_it_when_asked_for_less()
    {
        var rig = MaintainerRig.Running([A]);
        rig.Hears(new StopMaintainer(Ours, true));
        rig.Hears(new StopMaintainer(Ours, false));
        Assert.True(Assert.Single(Said<CloseRequest>(rig.Tick(1))).Remove);
    }
}
