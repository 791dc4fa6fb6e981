using System.Diagnostics;
using System.Globalization;
using Cdc.Simulator;
using Cdc.Simulator.Checks;

// Runs seeds until the count or the time is over. A failing one is made smaller and printed with its trace.
//   --seed n      the first seed (default: a fresh one)
//   --runs n      how many (default 1000)
//   --minutes n   instead of a count
//   --figures     prints what was measured: how many, median, 99 %, 99.9 %, the greatest and its seed
//   --trace       prints the trace of the one seed, whatever comes of it
//   --raw         does not make a failing seed smaller
ulong seed = Option("--seed") is { } given
    ? ulong.Parse(given, CultureInfo.InvariantCulture)
    : (ulong)Stopwatch.GetTimestamp();
int runs = int.Parse(Option("--runs") ?? (args.Contains("--trace") ? "1" : "1000"), CultureInfo.InvariantCulture);
TimeSpan? limit = Option("--minutes") is { } minutes
    ? TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture))
    : null;
if (args.Contains("--trace")) return ShowTrace(seed);

var watch = Stopwatch.StartNew();
ReachedStates reached = new();
Figures figures = new();
object gate = new();
long done = 0, failed = 0;
using CancellationTokenSource stop = new();
Parallel.For(0L, limit is null ? runs : long.MaxValue, (i, state) =>
{
    if (limit is { } time && watch.Elapsed > time)
    {
        state.Stop();
        return;
    }

    ReachedStates own = new();
    Figures measured = new();
    string? broken = Batch.Run(seed + (ulong)i, out _, own, figures: args.Contains("--figures") ? measured : null);
    Interlocked.Increment(ref done);
    lock (gate)
    {
        reached.Add(own);
        figures.Add(measured);
        if (broken is null) return;
        failed++;
        Console.WriteLine($"seed {seed + (ulong)i}: {broken}");
    }
});

foreach (string line in figures.Lines()) Console.WriteLine(line);
foreach ((string state, long count) in reached.Counts) Console.WriteLine($"{count,10} {state}");
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{done} runs from seed {seed}, {failed} failed, {done / watch.Elapsed.TotalMinutes:F0} a minute"));
return failed == 0 ? 0 : 1;

string? Option(string name) => Array.IndexOf(args, name) is var i and >= 0 && i + 1 < args.Length ? args[i + 1] : null;

int ShowTrace(ulong of)
{
    World whole = new(of);
    Swarm swarm = whole.Swarm;
    List<string> without = [];
    if (!args.Contains("--raw") && Shrinker.RuleOf(whole) is { } rule)
        swarm = Shrinker.Shrink(of, swarm, rule, without);
    World world = new(of, swarm, keepsLines: true);
    string? broken = null;
    try
    {
        world.Run();
    }
    catch (Exception e) when (e is ViolationException or InvalidOperationException)
    {
        broken = e is ViolationException ? e.Message : e.ToString();
    }

    foreach (string line in world.Trace.Lines) Console.WriteLine(line);
    Console.WriteLine($"options: {swarm}");
    if (without.Count > 0) Console.WriteLine($"without: {string.Join(", ", without)}");
    Console.WriteLine($"seed {of}: {broken ?? "no rule is broken"}");
    return broken is null ? 0 : 1;
}
