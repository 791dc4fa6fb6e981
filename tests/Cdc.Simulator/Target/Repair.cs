using Cdc.Protocol.Maintenance;

namespace Cdc.Simulator.Target;

/// <summary>Once the faults are over, the broken table is mended where nobody else gets past it: a barrier that waits
/// for it has it parked, and where none does, nothing would ever end.</summary>
sealed class Repair(World world)
{
    /// <summary>A barrier, if one comes, has parked the table by then.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>How often in a row there is none before none is taken to come.</summary>
    const int Looks = 6;

    TimeSpan _end;
    int _quiet;

    public void Begin()
    {
        _end = world.Agenda.Now + Patience;
        world.Agenda.In(Pause, Look);
    }

    void Look()
    {
        if (world.Broken.Table is null) return;
        _quiet = IsQuiet ? _quiet + 1 : 0;
        if (_quiet >= Looks || world.Agenda.Now >= _end) world.Broken.Mend();
        else world.Agenda.In(Pause, Look);
    }

    bool IsQuiet => world.Workload.IsFinished
        && world.Activations.Newest?.Role is Maintainer { Tenure: { } tenure }
        && tenure.Modes.All(static mode => mode.Barrier.Events.Count == 0);
}
