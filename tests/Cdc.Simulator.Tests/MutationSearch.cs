using Cdc.Simulator.Tests.Mutations;

namespace Cdc.Simulator.Tests;

public sealed class MutationSearch
{
    [Fact]
    public void Search()
    {
        if (Environment.GetEnvironmentVariable("CDC_MUTATIONS") is not { } only) return;
        MutantFactory factory = new();
        using var output = new StreamWriter(Environment.GetEnvironmentVariable("CDC_MUTATIONS_OUT")!) { AutoFlush = true };
        foreach (Mutation mutation in MutationTable.All)
        {
            if (only != "all" && !mutation.Name.Contains(only)) continue;
            try
            {
                var watch = System.Diagnostics.Stopwatch.StartNew();
                string? found = factory.Make(mutation).FirstBroken(1, 150);
                output.WriteLine($"{mutation.Name} | {found ?? "NOT FOUND"} | {watch.Elapsed.TotalSeconds:F1}");
            }
            catch (InvalidOperationException e)
            {
                output.WriteLine($"{mutation.Name} | BUILD {e.Message[..Math.Min(300, e.Message.Length)]}");
            }
        }
    }
}
