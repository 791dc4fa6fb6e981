using System.Runtime.CompilerServices;
using Cdc.Cli.Flags;
using Cdc.Cli.Output;
using Cdc.Engine.Options;

namespace Cdc.EndToEnd.Tests.Commands;

public sealed class OptionsPageTests
{
    [Fact]
    public void The_page_of_options_is_what_the_table_says()
    {
        string path = Path.Combine(Root(), "docs", "options.md");
        if (Environment.GetEnvironmentVariable("CDC_WRITE_DOCS") == "1") File.WriteAllText(path, OptionsPage.Text());
        Assert.True(File.Exists(path) && File.ReadAllText(path) == OptionsPage.Text(),
            "docs/options.md differs from the options in the code; run this test with CDC_WRITE_DOCS=1.");
    }

    [Fact]
    public void No_flag_means_two_things()
    {
        string[] flags = [.. OptionCatalog.All.Select(option => option.Flag),
            .. VerbFlag.Table.Select(flag => flag.Flag)];
        Assert.Equal(flags.Distinct(), flags);
    }

    [Fact]
    public void Help_fits_a_terminal_and_names_every_flag()
    {
        foreach (Verb verb in Verb.All)
        {
            string help = HelpText.Of(verb.Name);
            Assert.All(OptionCatalog.Of(verb.Name), option => Assert.Contains(option.Flag, help));
            Assert.All(help.Split('\n').Where(line => !line.Contains("cdc ")), line =>
                Assert.InRange(line.Length, 0, 100));
        }
    }

    static string Root([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(file, "..", "..", "..", ".."));
}
