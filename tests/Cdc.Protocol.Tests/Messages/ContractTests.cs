using System.Runtime.CompilerServices;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Messages.Wire;

namespace Cdc.Protocol.Tests.Messages;

/// <summary>Bytes that are out there do not change their meaning: the contract and one sample of each message are text
/// files, reviewed when they change.</summary>
public sealed class ContractTests
{
    static bool Accepts => Environment.GetEnvironmentVariable("CDC_TEST_ACCEPT") == "1";

    [Fact]
    public void The_wire_contract_changes_only_on_purpose()
    {
        string file = Path.Combine(Folder(), "..", "..", "..", "src", "Cdc.Protocol", "WireContract.txt");
        if (Accepts) File.WriteAllText(file, WireFormat.Contract());
        Assert.True(File.Exists(file), "WireContract.txt is missing; CDC_TEST_ACCEPT=1 writes it.");
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), WireFormat.Contract());
    }

    /// <summary>Accepting adds what is missing. A sample that is there is changed by hand, or never.</summary>
    [Fact]
    public void A_message_keeps_its_bytes()
    {
        string file = Path.Combine(Folder(), "WireSamples.txt");
        if (Accepts) Add(file);
        string[][] samples = [.. File.ReadLines(file).Select(static line => line.Split(' ', 3))];
        Assert.Superset(
            MessageShapes.All.Types.Select(static type => type.Name).ToHashSet(),
            samples.Where(static s => s[0] == $"{WireFormat.Version}").Select(static s => s[2].Split('(')[0]).ToHashSet());
        foreach (string[] sample in samples)
        {
            Message read = WireBytes.Read(Convert.FromHexString(sample[1]));
            Assert.Equal(sample[2], Dump.Of(read));
            Assert.Equal(sample[1], Convert.ToHexString(WireBytes.Of(read, byte.Parse(sample[0]))));
        }
    }

    [Fact]
    public void Two_definitions_of_one_name_are_a_bug_that_shows_at_once() =>
        Assert.Throws<InvalidOperationException>(static () => ContractText.Of(("a", 1, Named("one")), ("b", 1, Named("two"))));

    static Scalar<bool> Named(string definition) =>
        new("same", definition, 1, static (ref w, v) => w.Bool(v), static (ref r) => r.Bool());

    static void Add(string file)
    {
        HashSet<string> there = File.Exists(file) ? [.. File.ReadLines(file).Select(NameIn)] : [];
        foreach (Message message in Enumerable.Range(7, 3).SelectMany(static seed => new RandomMessages(seed).OneOfEach()))
        {
            string line = $"{WireFormat.Version} {Convert.ToHexString(WireBytes.Of(message))} {Dump.Of(message)}\n";
            if (!there.Contains(NameIn(line))) File.AppendAllText(file, line);
        }
    }

    static string NameIn(string line) => $"{line.Split(' ')[0]} {line.Split(' ', 3)[2].Split('(')[0]}";

    static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
