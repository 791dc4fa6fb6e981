using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>Mistakes that are found before anything is opened.</summary>
public sealed class UsageMistakes
{
    const string Shop = $"postgres://me:{Mistake.Password}@localhost/shop";

    static readonly (Mistake Mistake, string[] Arguments)[] s_table =
    [
        (new("no verb of that name", 2, "There is no verb rnu", "Did you mean run?"), ["rnu"]),
        (new("a wrong flag", 2, "no flag --tabels", "Did you mean --tables?"),
            ["run", "--from", Shop, "--to", "./out", "--tabels", "a"]),
        (new("a flag of another verb", 2, "no flag --snapshot", "It belongs to cdc run"),
            ["doctor", "--snapshot", "all"]),
        (new("a flag without its value", 2, "--to needs a value", "Where to write"), ["run", "--from", Shop, "--to"]),
        (new("no source", 2, "There is no source", "--from"), ["run", "--to", "./out"]),
        (new("no target", 2, "There is no target", "--to"), ["run", "--from", Shop]),
        (new("an address without its flag", 2, "takes flags only", "--from"), ["run", Shop]),
        (new("a source of a kind that we don't know", 2, "none that cdc knows", "postgres://"),
            ["run", "--from", $"mysql://me:{Mistake.Password}@h/d", "--to", "./out"]),
        (new("a target of a kind that we don't know", 2, "none that cdc knows", "stdout"),
            ["run", "--from", Shop, "--to", $"s3://key:{Mistake.Password}@bucket/x"]),
        (new("a URL parameter that does not exist", 2, "no parameter formt", "Did you mean format?"),
            ["run", "--from", Shop, "--to", "file:./out?formt=debezium"]),
        (new("a word that is none of the choices", 2, "--format takes", "Did you mean debezium?"),
            ["run", "--from", Shop, "--to", "./out", "--format", "debezum"]),
        (new("a size that is none", 2, "--rotate-bytes takes", "64MB"),
            ["run", "--from", Shop, "--to", "./out", "--rotate-bytes", "many"]),
        (new("a length of time without its unit", 2, "--heartbeat takes", "5s"),
            ["run", "--from", Shop, "--to", "./out", "--heartbeat", "5"]),
        (new("a flag given twice", 2, "given 2 times", "one value"),
            ["run", "--from", Shop, "--to", "./a", "--to", "./b"]),
        (new("a name that breaks the rule", 2, "The name My-Shop can't be used", "small letter"),
            ["run", "--from", Shop, "--to", "./out", "--name", "My-Shop"]),
        (new("a pattern that is none", 2, "at most one dot", "schema.table"),
            ["run", "--from", Shop, "--to", "./out", "--tables", "shop.public.orders"]),
        (new("an end that is none", 2, "--until tomorrow", "now, snapshot, a position"),
            ["run", "--from", Shop, "--to", "./out", "--until", "tomorrow"]),
        (new("an end that can't come", 2, "--until snapshot waits for", "Leave one of them out"),
            ["run", "--from", Shop, "--to", "./out", "--until", "snapshot", "--snapshot", "none"]),
        (new("an environment variable that is not set", 2, "no variable CDC_TEST_NOT_SET", "Set CDC_TEST_NOT_SET"),
            ["run", "--from", "env:CDC_TEST_NOT_SET", "--to", "./out"]),
        (new("an address file that is not there", 2, "there is no such file", "holds the address"),
            ["run", "--from", "@nowhere.txt", "--to", "./out"]),
        (new("a configuration file that is not there", 2, "there is no such file", "JSON file"),
            ["run", "--config", "nowhere.json"]),
        (new("a configuration file with an unknown key", 2, "no option: snapshotParalel",
            "Did you mean snapshotParallel?"),
            ["run", "--config", "unknown.json"]),
        (new("a configuration file that is no JSON", 2, "is no JSON: line 2", "Comments"),
            ["run", "--config", "broken.json"]),
        (new("a parameter that PostgreSQL's address does not have", 2, "sslmod", "sslmode"),
            ["run", "--from", $"{Shop}?sslmod=require", "--to", "./out"]),
    ];

    public static TheoryData<string> Names => new(s_table.Select(row => row.Mistake.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Is_refused_with_a_sentence_and_a_way_out(string mistake)
    {
        (Mistake expected, string[] arguments) = s_table.Single(row => row.Mistake.Name == mistake);
        using CdcCommand cdc = new();
        cdc.Write("unknown.json", $$"""{ "from": "{{Shop}}", "to": "./out", "snapshotParalel": 4 }""");
        cdc.Write("broken.json", $$"""{ "from": "{{Shop}}",{{"\n"}} "to" "./out" }""");
        ProcessResult result = await cdc.RunAsync(arguments);
        expected.Check(result);
        Assert.False(Directory.Exists(cdc.PathOf("out")), "a mistake must leave nothing behind");
        Assert.False(Directory.Exists(cdc.PathOf("cdc-data")), "a mistake must leave nothing behind");
    }

    [Fact]
    public async Task Several_are_said_at_once()
    {
        using CdcCommand cdc = new();
        ProcessResult result = await cdc.RunAsync(["run", "--from", Shop, "--name", "X", "--until", "y", "--format",
            "z"]);
        Assert.Equal(2, result.ExitCode);
        Assert.Equal(4, result.Error.Split("fix: ").Length - 1);
    }
}
