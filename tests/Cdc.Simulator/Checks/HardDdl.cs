using Cdc.Protocol;
using Cdc.Protocol.Scheduling;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Checks;

/// <summary>Counts block events that are executed while tables that they stop are in several spans.</summary>
static class HardDdl
{
    public static void Reached(World world, Schedule schedule, BlockStep block)
    {
        if (block.Event.IsSyncPoint) return;
        bool isSplit = block.Payload.Influence switch
        {
            Influence.Normal normal => normal.Tables.Any(t => schedule.OfTable(t).Count > 1),
            Influence.Database db => schedule.OfSchema(db.Schema).Any(static t => !t.Span.IsWhole),
            _ => schedule.All.Any(static t => !t.Span.IsWhole),
        };
        if (isSplit) world.Reached.Reached(Name(block.Payload.Influence));
    }

    static string Name(Influence influence) => influence switch
    {
        Influence.Normal => HardCase.NormalOnSplit,
        Influence.Database => HardCase.DatabaseOnSplit,
        _ => HardCase.AllOnSplit,
    };
}
