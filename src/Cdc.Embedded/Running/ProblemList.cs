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
        string fixes = string.Join(Environment.NewLine,
            problems.Select(static (p, i) => p.Fix is null ? null : $"  {i + 1}. {p.Fix}")
                .Where(static line => line is not null));
        throw new CdcException(problems[0].Kind,
            $"{problems.Length} things keep this changefeed from starting:{Environment.NewLine}{sentences}",
            fixes.Length == 0 ? null : Environment.NewLine + fixes);
    }
}
