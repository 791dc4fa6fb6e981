using Cdc.Engine.Failures;
using Cdc.Engine.Filters;

namespace Cdc.Engine.Options;

/// <summary>Checks options as a whole, before anything is opened. Every problem at once.</summary>
static class OptionsCheck
{
    /// <param name="to">The target's address; null if missing or already found wrong.</param>
    public static IEnumerable<Problem> Problems(ChangefeedOptions options, Address? to, string verb)
    {
        if (options.From.Length == 0 && verb != "demo")
            yield return Wrong("There is no source.", "Give --from postgres://user@host/database, or --from demo:.");
        if (options.To.Length == 0 && verb == "run")
            yield return Wrong("There is no target.",
                "Give --to with a directory, a database (postgres://user@host/database), or stdout.");
        if (options.Name is { } name && !ChangefeedName.IsValid(name))
            yield return Wrong($"The name {name} can't be used.", $"Expected: {ChangefeedName.RuleText}.");
        foreach (Problem problem in Patterns(options)) yield return problem;
        foreach (Problem problem in Course(options)) yield return problem;
        if (options.Gzip && to is { Scheme: not Address.Files })
            yield return Wrong("gzip is for files.", "With --to stdout, pipe through gzip.");
    }

    static IEnumerable<Problem> Patterns(ChangefeedOptions options)
    {
        foreach ((string flag, string text) in options.Tables.Select(text => ("--tables", text))
            .Concat(options.Exclude.Select(text => ("--exclude", text))))
        {
            if (WhyNot(text, TablePattern.Parse) is { } why)
                yield return Wrong($"{flag} {why}", "Expected: schema.table, or a schema.");
        }
        foreach (string text in options.ExcludeColumns)
        {
            if (WhyNot(text, ColumnPattern.Parse) is { } why)
                yield return Wrong($"--exclude-columns {why}", "Expected: schema.table.column.");
        }
        foreach (string text in options.ExcludeOps)
        {
            if (WhyNot(text, OpsRule.Parse) is { } why)
                yield return Wrong($"--exclude-ops {why}", "Expected: schema.table:insert,update,delete,truncate.");
        }
    }

    static IEnumerable<Problem> Course(ChangefeedOptions options)
    {
        StopPoint? until = null;
        string? expected = null;
        try
        {
            until = options.Until is { } text ? StopPoint.Parse(text) : null;
        }
        catch (FormatException e)
        {
            expected = e.Message;
        }
        if (expected is not null) yield return Wrong($"--until {options.Until} can't be used.",
            $"Expected: {expected}.");
        if (until is StopPoint.Snapshot && options.Snapshot == SnapshotMode.None)
            yield return Wrong("--until snapshot waits for what --snapshot none leaves out.", "Leave one of them out.");
        if (until is StopPoint.Position or StopPoint.Time && options.Snapshot == SnapshotMode.Only)
            yield return Wrong("--snapshot only ends with the snapshot.", "Leave --until out.");
        if (options.RotateInterval <= TimeSpan.Zero)
            yield return Wrong("rotateInterval must be longer than nothing.", "Expected: a length of time such as 5s.");
    }

    static string? WhyNot(string text, Func<string, object> parse)
    {
        try
        {
            parse(text);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    static Problem Wrong(string sentence, string fix) => new(FailureKind.Usage, sentence, fix);
}
