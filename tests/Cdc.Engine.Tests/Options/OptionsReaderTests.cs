using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;

namespace Cdc.Engine.Tests.Options;

public sealed class OptionsReaderTests
{
    static readonly Dictionary<string, string> s_environment = new() { ["SHOP"] = "postgres://me:secret@h/shop\n" };

    static OptionLayer Flags(params (string Name, string[] Values)[] given) =>
        new(given.ToDictionary(g => g.Name, g => (IReadOnlyList<string>)g.Values), option => option.Flag);

    static OptionLayer File(string json)
    {
        (OptionLayer layer, IReadOnlyList<Problem> problems) = ConfigFile.Read("cdc.json", json);
        Assert.Empty(problems);
        return layer;
    }

    static OptionsOutcome Read(OptionLayer file, OptionLayer flags) => new OptionsReader(
        "run", name => s_environment.GetValueOrDefault(name),
        name => name == "from.txt" ? "demo:?seed=9\n" : throw new FileNotFoundException()).Read(file, flags);

    static ImmutableArray<Problem> Wrong(params (string Name, string[] Values)[] given) =>
        Read(Flags(), Flags(given)).Problems;

    [Fact]
    public void A_flag_wins_over_the_URL_the_URL_over_the_file_and_the_file_over_the_default()
    {
        OptionLayer file = File(
            """{ "from": "demo:", "to": "x", "rotateBytes": "1MB", "format": "debezium", "gzip": true }""");
        OptionsOutcome outcome = Read(
            file, Flags(("to", ["file:./out?format=ndjson&rotateBytes=2MB"]), ("rotateBytes", ["3MB"])));
        Assert.Empty(outcome.Problems);
        Assert.Equal(3_000_000, outcome.Options.RotateBytes);
        Assert.Equal(OutputFormat.Ndjson, outcome.Options.Format);
        Assert.True(outcome.Options.Gzip);
        Assert.Equal(2, outcome.Options.SnapshotParallel);
        Assert.Equal("format in --to", outcome.Origins["format"]);
        Assert.Equal("./out", outcome.To!.Place);
    }

    [Fact]
    public void An_address_is_followed_into_the_environment_and_into_a_file()
    {
        Assert.Equal("postgres://me:secret@h/shop",
            Read(Flags(), Flags(("from", ["env:SHOP"]), ("to", ["stdout"]))).From!.Place);
        Assert.Equal(9, Read(Flags(), Flags(("from", ["@from.txt"]), ("to", ["stdout"]))).Options.Seed);
    }

    [Fact]
    public void Our_parameters_are_taken_out_of_a_PostgreSQL_URL_and_the_others_stay()
    {
        OptionsOutcome outcome = Read(Flags(), Flags(
            ("from", ["postgres://h/shop?sslmode=require&heartbeat=3s&application_name=a%20b"]), ("to", ["stdout"])));
        Assert.Empty(outcome.Problems);
        Assert.Equal("postgres://h/shop?sslmode=require&application_name=a%20b", outcome.From!.Place);
        Assert.Equal(TimeSpan.FromSeconds(3), outcome.Options.Heartbeat);
    }

    [Fact]
    public void Every_problem_is_found_at_once()
    {
        ImmutableArray<Problem> problems = Wrong(
            ("from", ["demo:?sed=1"]), ("name", ["Shop"]), ("until", ["yesterday"]), ("rotateInterval", ["5x"]),
            ("tables", ["a.b.c"]), ("snapshot", ["al"]));
        Assert.Equal(7, problems.Length);
        Assert.All(problems, problem => Assert.Equal(FailureKind.Usage, problem.Kind));
        Assert.Contains(problems, problem => problem.Fix!.Contains("seed"));
        Assert.Contains(problems, problem => problem.Fix!.Contains("Did you mean all?"));
    }

    [Theory]
    [InlineData("env:NOPE")]
    [InlineData("@nofile")]
    [InlineData("localhost")]
    [InlineData("mysql://u:hunter2@h/d")]
    [InlineData("psotgres://u:hunter2@h/d")]
    public void A_source_that_is_none_is_refused_without_its_secret(string from)
    {
        Problem problem = Assert.Single(Wrong(("from", [from]), ("to", ["stdout"])));
        Assert.DoesNotContain("hunter2", problem.Sentence + problem.Fix);
    }

    [Theory]
    [InlineData("./out?format=debezium")]
    [InlineData("C:\\out")]
    [InlineData("a=b")]
    public void What_is_no_URL_is_a_path(string to)
    {
        OptionsOutcome outcome = Read(Flags(), Flags(("from", ["demo:"]), ("to", [to])));
        Assert.Empty(outcome.Problems);
        Assert.Equal(new Address(Address.Files, to, []), outcome.To!);
    }

    [Theory]
    [InlineData("""{ "form": "demo:" }""", "from")]
    [InlineData("""{ "snapshot-parallel": 4 }""", "snapshotParallel")]
    [InlineData("""{ "gzip": {} }""", "")]
    [InlineData("""{ "gzip": true, "gzip": false }""", "")]
    [InlineData("[]", "")]
    [InlineData("{ 'gzip': true }", "")]
    public void A_file_with_a_mistake_is_refused(string json, string hint)
    {
        Problem problem = Assert.Single(ConfigFile.Read("cdc.json", json).Problems);
        Assert.Contains(hint, problem.Fix);
    }

    [Fact]
    public void A_file_may_hold_comments_and_trailing_commas()
    {
        OptionsOutcome outcome = Read(File("""
            { // where
              "from": "demo:", "to": "stdout", /* how */
              "tables": ["a", "b.c",], "snapshotParallel": 4,
            }
            """), Flags());
        Assert.Empty(outcome.Problems);
        Assert.Equal(["a", "b.c"], outcome.Options.Tables);
        Assert.Equal(4, outcome.Options.SnapshotParallel);
    }

    [Fact]
    public void Every_option_reads_what_it_shows()
    {
        ChangefeedOptions options = new()
        {
            From = "f", To = "t", Name = "n", Tables = ["a"], Exclude = ["b"], ExcludeColumns = ["c"],
                ExcludeOps = ["d"],
            Snapshot = SnapshotMode.Only, DdlCapture = DdlCaptureMode.Off, Existing = ExistingRows.Keep, Ddl = DdlMode.Stop,
                SnapshotParallel = 7, Until = "now", State = "s",
                Format = OutputFormat.Debezium,
            Gzip = true, RotateBytes = 3 << 20, RotateInterval = TimeSpan.FromMilliseconds(1500),
                Heartbeat = TimeSpan.Zero,
            SlotWait = TimeSpan.FromHours(1), RetryFor = TimeSpan.FromMinutes(90), Seed = 5, Transactions = 6,
                Rate = 8, Accounts = 9,
        };
        ChangefeedOptions read = OptionCatalog.All.Aggregate(
            new ChangefeedOptions(), (sofar, option) => option.Read(sofar, option.Show(options)));
        Assert.Equal(Shown(options), Shown(read));
        Assert.All(OptionCatalog.All, option => Assert.NotEqual(option.Show(new()), option.Show(options)));

        static string[] Shown(ChangefeedOptions o) =>
            [.. OptionCatalog.All.Select(d => $"{d.Name}={string.Join(',', d.Show(o))}")];
    }

    [Fact]
    public void Every_property_of_the_options_is_in_the_table() =>
        Assert.Equal(
            typeof(ChangefeedOptions).GetProperties().Select(p => p.Name).Order(),
            OptionCatalog.All.Select(o => char.ToUpperInvariant(o.Name[0]) + o.Name[1..]).Order());
}
