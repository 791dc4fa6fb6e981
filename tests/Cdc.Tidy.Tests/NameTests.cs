using System.Text.RegularExpressions;

namespace Cdc.Tidy.Tests;

public sealed partial class NameTests
{
    [Fact]
    public void There_are_no_drawers_for_anything() =>
        Assert.Empty(Repository.SourceFiles("src", "tests", "bench").Where(static f => Drawer().IsMatch(Path.GetFileNameWithoutExtension(f)))
            .Concat(Repository.SourceFiles("src").Where(static f => Path.GetDirectoryName(f)!.Split(Path.DirectorySeparatorChar)
                .Any(static folder => folder is "Utils" or "Util" or "Helpers" or "Common" or "Misc")))
            .Select(Repository.Relative));

    [Fact]
    public void Partial_classes_hold_generated_halves_only() =>
        Assert.Empty(Repository.SourceFiles("src")
            .Where(static f => File.ReadAllText(f) is var text && text.Contains("partial class ", StringComparison.Ordinal)
                && !Generated().IsMatch(text) && !f.EndsWith(".Log.cs", StringComparison.Ordinal))
            .Where(static f => !File.Exists(f[..^3] + ".Log.cs"))
            .Select(Repository.Relative));

    [Fact]
    public void A_file_has_the_namespace_of_its_folder() =>
        Assert.Empty(Repository.SourceFiles("src").Where(static f =>
        {
            string folder = Path.GetDirectoryName(Repository.Relative(f))!["src/".Length..].Replace('/', '.').Replace('\\', '.');
            return Namespace().Match(File.ReadAllText(f)) is { Success: true } found && found.Groups[1].Value != folder;
        }).Select(Repository.Relative));

    [GeneratedRegex("(Utils?|Helpers?|Common|Misc)$")]
    private static partial Regex Drawer();

    [GeneratedRegex(@"\[(LoggerMessage|GeneratedRegex|LibraryImport|JsonSerializable|JsonSourceGenerationOptions)\b")]
    private static partial Regex Generated();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
