using System.Collections.Immutable;
using Cdc.Protocol.Barriers;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Maintenance;

/// <summary>Answers what a tenure waits for. Looks at everything: for whoever asks, not for the tick.</summary>
internal static class WaitQuestion
{
    public static MaintainerWait Answer(Tenure tenure, Parking parking, TimeSpan now)
    {
        ImmutableArray<NodeId> bootstrapping =
        [
            .. tenure.Members.All.Where(static member => !member.IsIn && member.Answer is null)
                .Select(static member => member.Node),
        ];
        if (tenure.Phase != MaintainerPhase.Running)
        {
            bool isLoading = tenure.Phase == MaintainerPhase.Loading;
            IEnumerable<ModeTenure> loading = tenure.Modes.Where(mode => isLoading && mode.Tables is null);
            return MaintainerWait.Nothing with
            {
                Bootstrapping = bootstrapping,
                Tables = [.. loading.Select(static mode => mode.Mode)],
            };
        }

        return new(
            IsForEpoch: false,
            bootstrapping,
            Closing: [],
            Tables: [],
            [.. tenure.Modes.SelectMany(static mode => mode.Calculator.Missing()).Distinct().Order()],
            [.. parking.Asked],
            [.. tenure.Modes.SelectMany(mode => Operations(mode.Schedule, now))],
            [.. tenure.Modes.SelectMany(mode => mode.Barrier.WaitingFor(now))]);
    }

    static IEnumerable<OperationWait> Operations(Schedule schedule, TimeSpan now)
    {
        for (int i = 0; i < schedule.Operations.Count; i++)
        {
            Operation operation = schedule.Operations[i];
            TimeSpan age = now - operation.Since;
            if (age < SchedulingLimits.LongOperation) continue;
            yield return new(schedule.Mode, operation.Task.Id, $"{operation.Kind}: {operation.Waits}", age);
        }

        foreach ((NodeId node, DispatcherId id, TimeSpan since) in schedule.Removals.All)
        {
            if (now - since < SchedulingLimits.LongOperation) continue;
            yield return new(schedule.Mode, id, $"Remove: {node} to stop it", now - since);
        }
    }
}
