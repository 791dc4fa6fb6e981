using Cdc.Protocol.Driving;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Maintenance.MaintainerRig;

namespace Cdc.Protocol.Tests.Maintenance;

public sealed class RedoTests
{
    readonly MaintainerRig _rig = new();

    [Fact]
    public void Both_modes_are_rebuilt_number_together_and_are_in_one_checkpoint()
    {
        _rig.Nodes(A);
        _rig.Hears(Grant() with { HasRedo = true });
        BootstrapRequest request = Assert.Single(Said<BootstrapRequest>(_rig.Tick()));
        Assert.Equal([Trigger, DispatcherId.TriggerOf(Mode.Redo)], request.Triggers);
        SpanSnapshot redo = ShowsTrigger(4, at: 90) with { Mode = Mode.Redo, Id = DispatcherId.TriggerOf(Mode.Redo) };
        Assert.Equal(
            [new LoadTables(Mode.Event, Ts(50)), new LoadTables(Mode.Redo, Ts(90))],
            _rig.Answers(A, redo).OfType<LoadTables>());
        _rig.Loads(50, 1);
        Assert.Equal(MaintainerPhase.Loading, _rig.Maintainer.Phase);
        _rig.Handle(new TablesLoaded(Mode.Redo, Ts(90), [new(new(1), "shop", true)]));
        Assert.Equal(MaintainerPhase.Running, _rig.Maintainer.Phase);

        var requests = Said<ScheduleRequest>(_rig.Tick()).ToArray();
        Assert.Equal([Mode.Event, Mode.Redo], requests.Select(static each => each.Mode));
        var owners = requests.SelectMany(static each => each.Items).Select(static item => item.Owner).ToArray();
        Assert.Equal(owners.Length, owners.Distinct().Count());
        foreach (ScheduleRequest each in requests) Works(each, watermark: each.Mode == Mode.Event ? 95UL : 92UL);
        _rig.Tick();
        Assert.Equal(Ts(92), _rig.Maintainer.Tenure!.Committed);
    }

    void Works(ScheduleRequest request, ulong watermark)
    {
        SpanStatus[] statuses =
        [
            .. request.Items.Select(static item =>
                new SpanStatus(item.Id, item.Owner, ComponentState.Working, item.Start, null, null)),
        ];
        _rig.Hears(A, new Heartbeat(Ours, request.Mode, new(5, Ts(watermark)), [.. statuses], false, []));
    }
}
