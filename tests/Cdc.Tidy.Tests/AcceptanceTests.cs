using System.Text.RegularExpressions;

namespace Cdc.Tidy.Tests;

/// <summary>What became of each case of the model system: kept or adapted, with the test that says so, or void, with a
/// word why.</summary>
public sealed partial class AcceptanceTests
{
    /// <summary>How many cases it has of each letter.</summary>
    static readonly (char Letter, int Cases)[] Cases =
    [
        ('B', 19), ('C', 13), ('D', 6), ('E', 10), ('M', 17), ('O', 10), ('P', 21), ('R', 11), ('S', 12), ('V', 6),
    ];

    [Fact]
    public void Every_case_has_a_line()
    {
        HashSet<string> there = [.. Rows().SelectMany(static row => Ids(row.Id))];
        Assert.Empty(Cases.SelectMany(static of => Enumerable.Range(1, of.Cases).Select(n => $"{of.Letter}{n}")).Except(there));
    }

    [Fact]
    public void Every_case_is_kept_adapted_or_void_and_what_is_not_void_names_its_test()
    {
        (string Id, string Verdict, string Why)[] rows = [.. Rows()];
        Assert.True(rows.Length > 200, "The tables have another form than this test reads.");
        Assert.DoesNotContain(rows, static row => row.Verdict.Split(',')[0] is not ("kept" or "adapted" or "void"));
        Assert.DoesNotContain(rows, static row => row.Verdict != "void" && !Named(row.Why).Any());
        Assert.DoesNotContain(rows, static row => row.Verdict == "void" && !row.Why.Contains(' '));
    }

    /// <summary>Also where the file is not named: the folder that a page is about has one of that name.</summary>
    [Fact]
    public void Every_test_that_is_named_exists()
    {
        HashSet<string> tests = [.. DocsTests.Tests().Select(static test => test.Split(": ")[1])];
        string[] named = [.. Pages().SelectMany(Named)];
        Assert.True(named.Length > 300, "The pages name their tests in another form than this test reads.");
        Assert.Empty(named.Except(tests));
    }

    static IEnumerable<string> Pages() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "acceptance"), "*.md").Select(File.ReadAllText);

    static IEnumerable<(string Id, string Verdict, string Why)> Rows() =>
        from page in Pages()
        from table in page.Split("\n| Id | | Test, or why |\n").Skip(1)
        from line in table.Split('\n').Skip(1).TakeWhile(static line => line.StartsWith('|'))
        let cells = line.Split('|')
        select (cells[1].Trim(), cells[2].Trim(), cells[3].Trim());

    static IEnumerable<string> Ids(string cell) =>
        from Match match in Id().Matches(cell)
        let first = int.Parse(match.Groups[2].Value)
        let last = match.Groups[3].Success ? int.Parse(match.Groups[3].Value) : first
        from number in Enumerable.Range(first, last - first + 1)
        select $"{match.Groups[1].Value}{number}";

    static IEnumerable<string> Named(string text) =>
        TestName().Matches(text).Select(static match => match.Groups[1].Value);

    [GeneratedRegex(@"AC-([A-Z])(\d+)(?: to \1(\d+))?")]
    private static partial Regex Id();

    // A sentence: letters and digits with underscores, nothing of a path.
    [GeneratedRegex(@"`(?:\w+\.cs: )?(\w*_\w+)`")]
    private static partial Regex TestName();
}
