using Cdc.Simulator;

ulong seed = 1;
int runs = 1;
bool traces = args.Contains("--trace");
for (int i = 0; i + 1 < args.Length; i++)
{
    if (args[i] == "--seed") seed = ulong.Parse(args[i + 1]);
    if (args[i] == "--runs") runs = int.Parse(args[i + 1]);
}

int failed = 0;
long steps = 0;
var watch = System.Diagnostics.Stopwatch.StartNew();
for (ulong s = seed; s < seed + (ulong)runs; s++)
{
    World world = new(s, null, traces);
    try
    {
        world.Run();
        if (traces) Console.WriteLine(string.Join('\n', world.Trace.Lines));
    }
    catch (Exception e) when (!args.Contains("--throw"))
    {
        failed++;
        if (traces) Console.WriteLine(string.Join('\n', world.Trace.Lines));
        Console.WriteLine($"seed {s}: {(e is ViolationException ? e.Message : e.ToString())}");
    }

    steps += world.Agenda.Steps;
}

Console.WriteLine($"{runs} runs, {failed} failed, {steps / runs} steps each, {watch.Elapsed.TotalMilliseconds / runs:F1} ms each");
return failed == 0 ? 0 : 1;
