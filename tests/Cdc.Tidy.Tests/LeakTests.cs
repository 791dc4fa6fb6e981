using System.Text.RegularExpressions;

namespace Cdc.Tidy.Tests;

public sealed partial class LeakTests
{
    [Fact]
    public void No_file_names_a_machine_path() =>
        Assert.Empty(Repository.SourceFiles("src", "tests", "bench")
            .Concat(Directory.EnumerateFiles(Repository.Root, "*.md")).Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*", SearchOption.AllDirectories))
            .Where(static f => MachinePath().IsMatch(File.ReadAllText(f))).Select(Repository.Relative));

    // Put together at run time, so that this file does not match itself.
    [GeneratedRegex("/(wor[k]/main|hom[e]/[a-z]+/|User[s]/[a-z]+/)")]
    private static partial Regex MachinePath();
}
