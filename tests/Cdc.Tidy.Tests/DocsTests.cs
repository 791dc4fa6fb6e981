using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Cdc.Tidy.Tests;

/// <summary>A promise in the documents names the test that proves it, and that test is there.</summary>
public sealed partial class DocsTests
{
    static string Guarantees { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "guarantees.md"));

    [Fact]
    public void Every_test_that_a_document_names_exists()
    {
        HashSet<string> tests = [.. Tests()];
        (string Document, string Test)[] named = [.. Documents().SelectMany(
            static file => Named(File.ReadAllText(file)).Select(test => (Repository.Relative(file), test)))];
        Assert.True(named.Length > 50, "The documents name their tests in another form than this test reads.");
        Assert.DoesNotContain(named, place => !tests.Contains(place.Test));
    }

    [Fact]
    public void Every_promise_names_its_proof()
    {
        string[] rows = [.. Tables("| Promise | Proved by |").SelectMany(static rows => rows)];
        Assert.True(rows.Length > 30);
        Assert.DoesNotContain(rows, static row => !Named(row).Any());
    }

    [Fact]
    public void The_table_of_kill_points_is_the_rigs()
    {
        string rig = File.ReadAllText(
            Path.Combine(Repository.Root, "tests", "Cdc.EndToEnd.Tests", "Rig", "KillTests.cs"));
        int start = rig.IndexOf("Points() =>", StringComparison.Ordinal);
        string list = rig[start..rig.IndexOf("];", start, StringComparison.Ordinal)];
        string[] points = [.. KillPoints().Matches(list).Select(static match => match.Groups[1].Value)];
        string[] rows = [.. Tables("| Step | Killed at |").SelectMany(static rows => rows)];
        string[] documented = [.. rows.SelectMany(static row => Spans().Matches(row.Split('|')[2]))
            .Select(static match => match.Groups[1].Value)];
        Assert.NotEmpty(points);
        Assert.Equal(points.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories);

    static IEnumerable<string> Named(string text) =>
        Spans().Matches(text).Select(static match => match.Groups[1].Value).Where(static s => TestName().IsMatch(s));

    internal static IEnumerable<string> Tests() =>
        from file in Repository.SourceFiles("tests")
        from method in CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot().DescendantNodes()
            .OfType<MethodDeclarationSyntax>()
        where method.AttributeLists.SelectMany(static list => list.Attributes)
            .Any(static attribute => attribute.Name.ToString() is "Fact" or "Theory")
        select $"{Path.GetFileName(file)}: {method.Identifier.Text}";

    // The rows below each head that begins so, without the line of dashes.
    static IEnumerable<IEnumerable<string>> Tables(string head)
    {
        string[] lines = Guarantees.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(head, StringComparison.Ordinal)) continue;
            yield return lines.Skip(i + 2).TakeWhile(static line => line.StartsWith('|'));
        }
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Spans();

    [GeneratedRegex(@"^\w+\.cs: \w+$")]
    private static partial Regex TestName();

    [GeneratedRegex("\"((?:[A-Z][A-Za-z]+:[0-9]+ ?)+)\"")]
    private static partial Regex KillPoints();
}
