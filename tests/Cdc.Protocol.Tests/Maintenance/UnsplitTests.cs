using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

public sealed class UnsplitTests
{
    readonly MaintainerRig _rig = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Parts_that_are_left_of_a_table_that_may_not_be_split_any_more_are_removed(bool isComplete)
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(9, at: 90));
        SpanSnapshot other = Shows(isComplete ? 5 : 6, 6, 6, from: (uint)Middle);
        _rig.Answers(B, Shows(5, 5, 5, to: Middle), other);
        _rig.Handle(new TablesLoaded(Mode.Event, Ts(90), [new(new(5), "shop", IsSplittable: false)]));
        Assert.Equal("Absent 50", _rig.Of(5));
        Assert.Equal("d3.5 d3.6", _rig.Removes());
    }

    [Fact]
    public void A_part_of_a_table_that_is_not_listed_yet_stays()
    {
        _rig.Bootstraps(A, B);
        _rig.Answers(A, ShowsTrigger(9, at: 60));
        _rig.Answers(B, Shows(5, 5, 5, at: 70, from: 0, to: Middle), Shows(5, 6, 6, at: 70, from: (uint)Middle));
        _rig.Handle(new TablesLoaded(Mode.Event, Ts(60), []));
        Assert.Equal("Replicating 3.5 @b 70, Replicating 3.6 @b 70", _rig.Of(5));
    }
}
