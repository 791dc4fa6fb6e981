using Cdc.Engine.Failures;

namespace Cdc.Embedded.Running;

/// <summary>Turns what was found while looking into one refusal that names everything at once.</summary>
static class ProblemList
{
    public static void ThrowIfAny(IReadOnlyList<Problem> found)
    {
        Problem[] problems = [.. found.Where(static problem => !problem.IsWarning)];
        if (problems.Length == 0) return;
        if (problems.Length == 1) throw problems[0].ToException();
        string sentences = string.Join(
            Environment.NewLine, problems.Select(static (p, i) => $"  {i + 1}. {p.Sentence}"));
        // Many tables often have the same way out, which is said once.
        string fixes = string.Join(Environment.NewLine, problems.Index().Where(static p => p.Item.Fix is not null)
            .GroupBy(static p => p.Item.Fix, static p => p.Index + 1)
            .Select(static same => $"  {Numbers([.. same])}. {same.Key}"));
        throw new CdcException(problems[0].Kind,
            $"{problems.Length} things keep this changefeed from starting:{Environment.NewLine}{sentences}",
            fixes.Length == 0 ? null : Environment.NewLine + fixes);
    }

    /// <summary>Rising numbers, as 1-3, 5.</summary>
    static string Numbers(ReadOnlySpan<int> numbers)
    {
        List<string> runs = [];
        int from = 0;
        for (int i = 0; i < numbers.Length; i++)
        {
            if (i + 1 < numbers.Length && numbers[i + 1] == numbers[i] + 1) continue;
            runs.Add(from == i ? $"{numbers[i]}" : $"{numbers[from]}-{numbers[i]}");
            from = i + 1;
        }
        return string.Join(", ", runs);
    }
}
