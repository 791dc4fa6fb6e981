using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;

namespace Cdc.Engine.Options;

/// <summary>Finds patterns of <c>--tables</c> and <c>--exclude</c> that match nothing. Most likely they are mistyped: a
/// table that somebody counts on would be missing, or one that was to be kept out would go through.</summary>
/// <remarks>A plain name is refused. One with <c>*</c> or <c>?</c> may be meant for tables to come, and one that an
/// earlier run took matched then, and its table is gone: neither may keep the other tables from going on, so both are
/// warnings.</remarks>
public static class SelectionCheck
{
    /// <param name="earlier">The patterns of the changefeed's last run, of both kinds, as its state has them; null
    /// before the first.</param>
    public static IEnumerable<Problem> Problems(
        TableSelection selection, SourceFacts facts, IReadOnlyDictionary<string, string>? earlier)
    {
        TableName[] there = [.. facts.Tables.Select(static table => table.Name), .. facts.Excluded];
        // That no table matches at all is a problem of its own, said elsewhere.
        if (facts.Tables.IsEmpty) yield break;
        foreach (TablePattern pattern in selection.Tables.Where(pattern => !there.Any(pattern.Matches)))
            yield return Unused("tables", pattern, "what it was to name is not carried", there, earlier);
        foreach (TablePattern pattern in selection.Exclude.Where(pattern => !facts.Excluded.Any(pattern.Matches)))
            yield return Unused("exclude", pattern, "nothing is left out for it", there, earlier);
    }

    static Problem Unused(
        string option, TablePattern pattern, string effect, TableName[] there,
        IReadOnlyDictionary<string, string>? earlier)
    {
        bool wasTaken = earlier?.GetValueOrDefault(option) is { } before
            && $" {before} ".Contains($" {pattern.Text} ", StringComparison.Ordinal);
        bool isSchema = !pattern.Text.Contains('.', StringComparison.Ordinal);
        IEnumerable<string> names =
            there.Select(table => isSchema ? table.Schema : table.ToString()).Distinct();
        // A name without a dot is a schema, which is easily forgotten.
        TableName? table = there.Cast<TableName?>().FirstOrDefault(name => name!.Value.Name == pattern.Text);
        string? near = table?.ToString() ?? NearestName.Of(pattern.Text, names);
        return new(FailureKind.Usage, $"--{option} {pattern} matches no table, so {effect}.",
            (near is null ? "" : $"Did you mean {near}? ")
            + "Case counts; a name without a dot is a schema. For tables to come, write it with * or ?.",
            IsWarning: pattern.HasWildcard || wasTaken);
    }
}
