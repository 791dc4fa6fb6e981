using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

public sealed class EpochTests
{
    readonly MaintainerRig _rig = new();

    [Fact]
    public void It_asks_until_it_is_granted_an_epoch_and_says_nothing_to_a_manager_before()
    {
        Assert.Single(Said<EpochRequest>(_rig.Nodes(A)));
        Assert.Empty(_rig.Tick(0.5));
        Assert.Equal(Instance, Assert.Single(Said<EpochRequest>(_rig.Tick(0.5))).Instance);
        Assert.True(_rig.Maintainer.WaitingFor(_rig.Now).IsForEpoch);
        Assert.Empty(_rig.Hears(Grant() with { Instance = Guid.Empty }));
        Assert.Equal(MaintainerPhase.Asking, _rig.Maintainer.Phase);
        _rig.Hears(Grant());
        Assert.Equal(Ours, _rig.Maintainer.Epoch);
        BootstrapRequest request = Assert.Single(Said<BootstrapRequest>(_rig.Tick()));
        Assert.Equal((Ours, Ts(50)), (request.Epoch, request.Checkpoint));
        Assert.Equal([Trigger], request.Triggers);
    }

    [Fact]
    public void A_refused_activation_ends()
    {
        _rig.Hears(new EpochRefused(Guid.Empty));
        Assert.Equal(MaintainerPhase.Asking, _rig.Maintainer.Phase);
        Assert.Single(_rig.Hears(new EpochRefused(Instance)).OfType<End>());
        Assert.Empty(_rig.Tick(5));
    }

    [Theory]
    [InlineData("superseded")]
    [InlineData("greater")]
    public void One_that_hears_of_a_greater_epoch_ends(string how)
    {
        _rig.Bootstraps(A);
        Message message = how == "superseded"
            ? new Superseded(Ours, new Epoch(8))
            : new BootstrapResponse(new Epoch(8), [], [], null);
        Assert.Single(_rig.Hears(A, message).OfType<End>());
        Assert.Equal(MaintainerPhase.Ended, _rig.Maintainer.Phase);
        Assert.Empty(_rig.Tick(5));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void A_superseded_of_an_earlier_epoch_or_about_one_changes_nothing(ulong epoch)
    {
        _rig.Bootstraps(A);
        _rig.Hears(A, new Superseded(new Epoch(epoch), epoch == 6 ? new Epoch(9) : Ours));
        Assert.Equal(MaintainerPhase.Bootstrapping, _rig.Maintainer.Phase);
    }

    [Fact]
    [Trait("AC", "MaintainerEpochRequestRequiresCompatOrCurrentEpoch")]
    [Trait("AC", "MaintainerPostBootstrapResponseRequiresCurrentEpoch")]
    public void Messages_of_an_earlier_epoch_change_nothing()
    {
        _rig.Bootstraps(A);
        Epoch old = new(6);
        _rig.Hears(A, new BootstrapResponse(old, [], [], null));
        Assert.Equal(MaintainerPhase.Bootstrapping, _rig.Maintainer.Phase);
        _rig.Answers(A);
        _rig.Loads(50);
        Assert.Single(Said<PostBootstrapRequest>(_rig.Tick()));
        _rig.Hears(A, new PostBootstrapResponse(old));
        Assert.Single(Said<PostBootstrapRequest>(_rig.Tick(1)));
        _rig.Hears(A, new PostBootstrapResponse(Ours));
        Assert.Empty(Said<PostBootstrapRequest>(_rig.Tick(1)));
        _rig.Hears(new StopMaintainer(old, true));
        Assert.Equal(MaintainerPhase.Running, _rig.Maintainer.Phase);
    }
}
