using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

/// <summary>A table that is parked and dropped at the source is not kept for ever; but as long as a later maintainer
/// could still find it in its table list.</summary>
public sealed class ParkedDropTests
{
    static readonly TableId Dropped = new(1);

    /// <summary>The tables 1 and 2 at 50; the first is parked.</summary>
    static MaintainerRig Parked(params long[] listed)
    {
        MaintainerRig rig = new();
        rig.Nodes(A);
        rig.Hears(Grant(parked: 1));
        rig.Answers(A);
        rig.Loads(50, listed);
        return rig;
    }

    static void Drops(MaintainerRig rig, ulong at)
    {
        Influence.Normal table = new([TableId.Trigger, Dropped]);
        rig.Schedule.Apply(BlockPayload.Of(table) with { Dropped = new Influence.Normal([Dropped]) }, Ts(at), rig.Now);
    }

    [Fact]
    public void It_is_forgotten_when_the_stored_checkpoint_has_come_to_its_drop()
    {
        MaintainerRig rig = Parked(1, 2);
        Assert.Empty(rig.Tick(10).OfType<FindDropped>());
        Drops(rig, at: 60);
        Assert.Equal(Ts(50), Assert.Single(rig.Tick(10).OfType<FindDropped>()).At);
        Assert.Empty(Said<ParkRequest>(Finds(rig, 50)));
        rig.Hears(new CheckpointPersisted(Ours, Ts(60)));
        FindDropped asked = Assert.Single(rig.Tick(10).OfType<FindDropped>());
        Assert.Equal((Ts(60), Dropped), (asked.At, Assert.Single(asked.Tables)));
        ParkRequest back = Assert.Single(Said<ParkRequest>(Finds(rig, 60, Dropped)));
        Assert.Equal(new ParkRequest(Ours, Dropped, 1, Ts(60)), back);
        rig.Hears(new ParkPersisted(Ours, Dropped, 1, Ts(60)));
        rig.Hears(new CheckpointPersisted(Ours, Ts(70)));
        List<Effect> said = rig.Tick(10);
        Assert.Empty(said.OfType<FindDropped>());
        Assert.Empty(Said<ParkRequest>(said));
        Assert.False(rig.Schedule.Parked.Contains(Dropped));
        Assert.Equal("", rig.Of(1));
    }

    [Fact]
    public void It_is_asked_for_once_at_each_place()
    {
        MaintainerRig rig = Parked(2);
        Assert.Single(rig.Tick().OfType<FindDropped>());
        Finds(rig, 50);
        Assert.Empty(rig.Tick(10).OfType<FindDropped>());
        rig.Hears(new CheckpointPersisted(Ours, Ts(60)));
        Assert.Single(rig.Tick(10).OfType<FindDropped>());
    }

    [Fact]
    public void Whoever_takes_over_behind_the_drop_finds_it_out()
    {
        MaintainerRig rig = Parked(2);
        Assert.Equal(Ts(50), Assert.Single(rig.Tick().OfType<FindDropped>()).At);
        Assert.Equal(new ParkRequest(Ours, Dropped, 1, Ts(50)), Assert.Single(Said<ParkRequest>(Finds(rig, 50, Dropped))));
    }

    [Fact]
    public void One_that_is_made_only_behind_the_list_stays_parked()
    {
        MaintainerRig rig = Parked(2);
        rig.Tick();
        Assert.Empty(Said<ParkRequest>(Finds(rig, 50)));
        AddedTable made = new(Dropped, "shop", true);
        BlockPayload makes = BlockPayload.Of(new Influence.Normal([TableId.Trigger])) with { Added = [made] };
        rig.Schedule.Apply(makes, Ts(55), rig.Now);
        Assert.Equal("", rig.Of(1));
        rig.Hears(new CheckpointPersisted(Ours, Ts(60)));
        Assert.Empty(rig.Tick(10).OfType<FindDropped>());
        Assert.Equal(made, rig.Schedule.Parked.Find(Dropped));
        // What was found out too late counts for nothing: it is there.
        Assert.Empty(Said<ParkRequest>(Finds(rig, 60, Dropped)));
    }

    [Fact]
    public void One_that_is_dropped_while_it_is_put_away_is_forgotten_too()
    {
        MaintainerRig rig = Running([A], 1, 2);
        rig.Handle(new ParkTable(Dropped));
        Assert.Single(Said<ParkRequest>(rig.Tick()));
        Drops(rig, at: 60);
        rig.Hears(new CheckpointPersisted(Ours, Ts(60)));
        Assert.Empty(rig.Tick(10).OfType<FindDropped>());
        rig.Hears(new ParkPersisted(Ours, Dropped, 1, null));
        Assert.Equal(Dropped, Assert.Single(Assert.Single(rig.Tick(10).OfType<FindDropped>()).Tables));
        Assert.Equal(new ParkRequest(Ours, Dropped, 2, Ts(60)), Assert.Single(Said<ParkRequest>(Finds(rig, 60, Dropped))));
    }

    [Fact]
    public void A_leftover_of_a_dropped_table_that_is_put_away_before_it_is_known_to_be_one_is_forgotten_too()
    {
        MaintainerRig rig = new();
        rig.Bootstraps(A);
        rig.Answers(A, ShowsTrigger(4, at: 60), Shows(1, 5, 5, at: 90));
        rig.Loads(60, 2);
        Assert.Equal("Replicating 3.5 @a 90", rig.Of(1));
        rig.Handle(new ParkTable(Dropped));
        rig.Tick();
        rig.Hears(new ParkPersisted(Ours, Dropped, 1, null));
        Assert.Equal("", rig.Of(1));
        Assert.Equal(Dropped, Assert.Single(Assert.Single(rig.Tick(10).OfType<FindDropped>()).Tables));
    }

    /// <summary>The history answers; the next tick says what comes of it.</summary>
    static List<Effect> Finds(MaintainerRig rig, ulong at, params TableId[] dropped)
    {
        Assert.Empty(rig.Handle(new DroppedFound(Ts(at), [.. dropped])));
        return rig.Tick();
    }
}
