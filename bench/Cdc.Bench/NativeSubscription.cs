using System.Diagnostics;
using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>PostgreSQL's own replication: a subscription over a slot that was made before, its rows already
/// copied.</summary>
sealed class NativeSubscription(
    PostgresCluster cluster, BenchPlaces places, Workload workload, TimeSpan delay = default) : IContender
{
    public string Name => "native subscription";

    public async Task PrepareAsync(int run) =>
        await cluster.ScalarAsync($"SELECT pg_create_logical_replication_slot('{SlotOf(run)}', 'pgoutput')");

    public async Task<Measurement> RunAsync(Backlog backlog, int run)
    {
        await TargetDatabase.MakeAsync(places.Target, run);
        await using SlowProxy proxy = SlowProxy.To(cluster.Port, delay);
        string connection = $"host=127.0.0.1 port={proxy.Port} dbname=postgres user={PostgresCluster.Superuser}";
        string database = TargetDatabase.NameOf(run);
        await places.Target.ExecuteAsync(
            $"CREATE SUBSCRIPTION {SlotOf(run)} CONNECTION '{connection}' PUBLICATION {Backlog.Publication} "
            + "WITH (create_slot = false, copy_data = false, enabled = false)", database);
        long started = Stopwatch.GetTimestamp();
        await places.Target.ExecuteAsync($"ALTER SUBSCRIPTION {SlotOf(run)} ENABLE", database);
        await TargetDatabase.WaitForMarkAsync(places.Target, run);
        Measurement measured = new(Stopwatch.GetElapsedTime(started)) { Rows = backlog.Rows };
        await TargetDatabase.VerifyAsync(cluster, places.Target, run, workload);
        await places.Target.ExecuteAsync($"ALTER SUBSCRIPTION {SlotOf(run)} DISABLE", database);
        await places.Target.ExecuteAsync($"ALTER SUBSCRIPTION {SlotOf(run)} SET (slot_name = NONE)", database);
        await places.Target.ExecuteAsync($"DROP SUBSCRIPTION {SlotOf(run)}", database);
        return measured;
    }

    public async Task CleanAsync(int run)
    {
        await TargetDatabase.DropAsync(places.Target, run);
        await cluster.ScalarAsync(
            $"SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '{SlotOf(run)}'");
        string dropped = $"SELECT pg_drop_replication_slot('{SlotOf(run)}') FROM pg_replication_slots "
            + $"WHERE slot_name = '{SlotOf(run)}' AND NOT active";
        while ((await cluster.QueryAsync(dropped)).Count == 0) await Task.Yield();
    }

    static string SlotOf(int run) => $"subscription_{run}";
}
