using Cdc.Protocol.Maintenance;

namespace Cdc.Simulator;

/// <summary>What a maintainer waits for, as a line.</summary>
static class Waits
{
    public static string Of(MaintainerWait wait)
    {
        List<string> parts = [];
        if (wait.IsForEpoch) parts.Add("its epoch");
        if (wait.Bootstrapping.Length > 0) parts.Add($"answers of {string.Join(", ", wait.Bootstrapping)}");
        if (wait.Closing.Length > 0) parts.Add($"closing of {string.Join(", ", wait.Closing)}");
        if (wait.Tables.Length > 0) parts.Add("tables");
        if (wait.Watermarks.Length > 0) parts.Add($"watermarks of {string.Join(", ", wait.Watermarks)}");
        if (wait.Parking.Length > 0) parts.Add($"parking of {string.Join(", ", wait.Parking)}");
        foreach (OperationWait operation in wait.Operations)
            parts.Add($"{operation.Dispatcher}: {operation.What} for {operation.For.TotalSeconds:F0} s");
        foreach (Protocol.Barriers.BarrierWait barrier in wait.Barriers)
            parts.Add($"{barrier.Event} {barrier.Phase}: {string.Join("; ", barrier.Missing)}");
        return parts.Count == 0 ? "nothing" : string.Join(" | ", parts);
    }
}
