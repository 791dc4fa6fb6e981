namespace Cdc.Conformance.Tests.Target.Ddl;

public sealed class DdlTests(DdlServer server) : IClassFixture<DdlServer>
{
    public static TheoryData<string> Cases => [.. DdlCases.All.Keys, .. PartitionCases.All.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_target_has_what_the_source_has_after_each_statement(string name)
    {
        (string before, string[] statements) = DdlCases.All.GetValueOrDefault(name, PartitionCases.All.GetValueOrDefault(name));
        using DdlPair pair = await server.PairAsync();
        if (before.Length > 0) pair.Source.Query(before);
        pair.Capture("SELECT 1");
        pair.Snapshot();
        pair.AssertEqual("the snapshot");
        foreach (string sql in statements)
        {
            pair.Follow(sql);
            pair.AssertEqual(sql);
        }
        Assert.Empty(pair.Said);
    }
}
