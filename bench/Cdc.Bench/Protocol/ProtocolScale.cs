using System.Diagnostics;
using System.Globalization;
using Cdc.Protocol;
using Cdc.Simulator;
using Cdc.Simulator.Scale;

namespace Cdc.Bench.Protocol;

/// <summary>What the coordination costs with many tables: bytes, messages and work, in one process and without a
/// server.</summary>
static class ProtocolScale
{
    public const string Command = "protocol";

    const int Nodes = 10;

    public static int Run()
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        // Once for the compiler.
        MaintainerSize.Measure(Nodes, 1000);
        foreach (int spans in (int[])[100_000, 1_000_000]) Print(MaintainerSize.Measure(Nodes, spans));
        foreach (int dispatchers in (int[])[1000, 10_000, 100_000]) Stop(dispatchers);
        Resolve(100_000);
        foreach (HeldReports held in HeldReports.Measure(dispatchers: 10_000, offered: 1_000_000)) Print(held);
        Simulate("short schedules", ShortSchedule, 3000);
        Simulate("schedules as drawn", static _ => null, 1000);
        return 0;
    }

    static void Print(MaintainerSize size)
    {
        Line($"maintainer, {size.Spans:N0} spans on {Nodes} nodes, load {Report.Load()}");
        Line($"  {size.BytesPerSpan:F0} bytes a span");
        Line($"  one checkpoint: {size.Checkpoint.TotalNanoseconds:N0} ns, {size.CheckpointBytes:F0} bytes allocated; "
            + $"with a heartbeat before it: {size.AfterHeartbeat.TotalNanoseconds:N0} ns; "
            + $"{size.Comparisons} spans compared, {Nodes} watermarks looked at");
        Line($"  snapshots of {Nodes} managers: {size.Decoding.TotalMilliseconds:F0} ms to write and read, "
            + $"{size.Bootstrap.TotalMilliseconds:F0} ms to the schedule, of processor time");
        Line($"  a complete heartbeat of one node: {size.Complete.TotalMilliseconds:F1} ms; "
            + $"a tick: {size.Ticked.TotalMicroseconds:N0} us");
    }

    static void Stop(int dispatchers)
    {
        DirectCluster cluster = new(Nodes, dispatchers);
        TimeSpan before = Environment.CpuUsage.TotalTime;
        cluster.Begin();
        TimeSpan began = Environment.CpuUsage.TotalTime;
        TimeSpan took = cluster.Stop(new(new CommitTs(20, 1), false), TimeSpan.FromSeconds(1));
        Line($"DDL for all, {dispatchers:N0} dispatchers on {Nodes} nodes that come to it within 1 s, "
            + $"load {Report.Load()}");
        Line($"  gone after {took.TotalSeconds:F2} s of virtual time, written {cluster.BlocksWritten} times; "
            + $"{(Environment.CpuUsage.TotalTime - began).TotalSeconds:F2} s of processor time for all of it, "
            + $"{(began - before).TotalSeconds:F2} s to start them");
        Line($"  {cluster.Up.Statuses:N0} reports, of them {cluster.Up.Repeats:N0} repeats");
        Print("up", cluster.Up);
        Print("down", cluster.Down);
    }

    /// <summary>What an idle source costs the nodes.</summary>
    static void Resolve(int dispatchers)
    {
        const int Rounds = 1000;
        DirectCluster cluster = new(Nodes, dispatchers);
        cluster.Begin();
        var watch = Stopwatch.StartNew();
        cluster.Resolve(new CommitTs(11, 0));
        TimeSpan first = watch.Elapsed;
        watch.Restart();
        for (int i = 1; i <= Rounds; i++) cluster.Resolve(new CommitTs(11 + (ulong)i, 0));
        Line($"Resolved for {dispatchers:N0} idle dispatchers on {Nodes} nodes: the first, which all of them join, "
            + $"{first.TotalMilliseconds:F1} ms; each later one {(watch.Elapsed / Rounds).TotalMicroseconds:F1} us, "
            + $"load {Report.Load()}");
    }

    static void Print(string way, Traffic traffic)
    {
        foreach ((string kind, (long messages, long bytes)) in traffic.Kinds)
            Line($"  {way,-4} {kind,-20} {messages,8:N0} messages {bytes,12:N0} bytes");
    }

    static void Print(HeldReports held) =>
        Line($"{held.Stage,-20} offered {held.Offered:N0}, holds {held.Held:N0} in {held.Bytes:N0} bytes; "
            + $"all would be {held.BytesOfAll:N0} bytes");

    static void Simulate(string name, Func<ulong, Swarm?> swarm, int runs)
    {
        long steps = 0;
        int failed = 0;
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        Parallel.For(1, runs + 1, i =>
        {
            World world = new((ulong)i, swarm((ulong)i));
            try
            {
                world.Run();
            }
            catch (ViolationException)
            {
                Interlocked.Increment(ref failed);
            }

            Interlocked.Add(ref steps, world.Agenda.Steps);
        });
        double minutes = watch.Elapsed.TotalMinutes;
        double busy = (Environment.CpuUsage.TotalTime - processor).TotalMinutes / Environment.ProcessorCount;
        Line($"{name}: {runs / minutes:N0} a minute on {Environment.ProcessorCount} processors, "
            + $"{runs / busy:N0} by the time that they were ours; {steps / runs:N0} steps each, "
            + $"{failed} of {runs:N0} failed, load {Report.Load()}");
    }

    /// <summary>What a search runs by the thousand: few transactions, and faults for some seconds.</summary>
    static Swarm ShortSchedule(ulong seed)
    {
        var drawn = Swarm.Draw(new Rng(seed), new Rng(~seed));
        return drawn with
        {
            Faulty = TimeSpan.FromSeconds(5),
            Workload = drawn.Workload with { Transactions = 10, Pace = TimeSpan.FromMilliseconds(200) },
        };
    }

    static void Line(string text) => Console.WriteLine(text);
}
