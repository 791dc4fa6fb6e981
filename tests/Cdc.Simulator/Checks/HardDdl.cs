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

    /// <summary>Counts transactions of the source that mix DDL and rows.</summary>
    public static void Committed(World world, int from)
    {
        IReadOnlyList<ModelStep> steps = world.Source.Steps;
        if (steps.Count - from < 2) return;
        int ddl = 0;
        bool truncates = false, hasRows = false;
        HashSet<TableId> created = [];
        for (int i = from; i < steps.Count; i++)
        {
            if (steps[i].At.Commit != steps[^1].At.Commit) continue;
            if (steps[i] is RowsStep rows)
            {
                hasRows = true;
                bool isFilled = created.Count > 0 && rows.Rows.Any(r => created.Contains(r.Table));
                if (isFilled) world.Reached.Reached(HardCase.FilledTable);
            }
            else if (steps[i] is BlockStep block)
            {
                ddl++;
                truncates |= block.Ddl.Truncated.Count > 0;
                created.UnionWith(block.Ddl.Created);
            }
        }

        if (ddl > 1 && truncates && hasRows) world.Reached.Reached(HardCase.Mixed);
    }

    static string Name(Influence influence) => influence switch
    {
        Influence.Normal => HardCase.NormalOnSplit,
        Influence.Database => HardCase.DatabaseOnSplit,
        _ => HardCase.AllOnSplit,
    };
}
