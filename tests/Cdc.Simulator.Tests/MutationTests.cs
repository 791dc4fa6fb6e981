using System.Collections.Concurrent;
using System.Diagnostics;
using Cdc.Simulator.Tests.Mutations;

namespace Cdc.Simulator.Tests;

/// <summary>Each rule of the protocol is switched off in a build of its own, and a seed has to notice.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    const int Seeds = 400;

    [Fact]
    public void Without_a_mutation_the_same_seeds_break_no_rule() =>
        Assert.Null(new MutantFactory().Make(null).FirstBroken(1, Seeds));

    [Fact]
    public void Every_rule_that_is_switched_off_is_noticed_by_a_seed()
    {
        MutantFactory factory = new();
        ConcurrentDictionary<string, string> found = [];
        string? only = Environment.GetEnvironmentVariable("CDC_TEST_MUTATION");
        Parallel.ForEach(MutationTable.All, new() { MaxDegreeOfParallelism = 2 }, mutation =>
        {
            if (only is not null && !mutation.Name.Contains(only, StringComparison.Ordinal)) return;
            var watch = Stopwatch.StartNew();
            found[mutation.Name] = Try(factory, mutation);
            Say($"{mutation.Name} | {found[mutation.Name]} | {watch.Elapsed.TotalSeconds:F1} s");
        });
        Assert.Empty(found.Where(static pair => pair.Value.StartsWith("NOT", StringComparison.Ordinal))
            .Select(static pair => $"{pair.Key}: {pair.Value}"));
    }

    [Fact]
    public void The_page_of_the_protocol_names_every_mutation()
    {
        string page = File.ReadAllText(Path.Combine(MutantFactory.Repository, "docs", "protocol.md"));
        Assert.All(MutationTable.All, mutation => Assert.Contains($"| {mutation.Name} |", page));
    }

    static string Try(MutantFactory factory, Mutation mutation)
    {
        try
        {
            return factory.Make(mutation).FirstBroken(mutation.From, Seeds) ?? "NOT FOUND";
        }
        catch (InvalidOperationException unusable)
        {
            return $"NOT MADE: {unusable.Message}";
        }
    }

    void Say(string line)
    {
        lock (output) output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("CDC_TEST_MUTATIONS") is not { } file) return;
        lock (output) File.AppendAllText(file, line + "\n");
    }
}
