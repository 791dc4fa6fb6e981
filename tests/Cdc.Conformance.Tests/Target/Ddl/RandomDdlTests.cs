using System.Globalization;
using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;

namespace Cdc.Conformance.Tests.Target.Ddl;

public sealed class RandomDdlTests(DdlServer server) : IClassFixture<DdlServer>
{
    const int Statements = 60;

    // The same ones every time, so that a failure belongs to a change, and one that nobody has tried; CDC_TEST_SEED
    // runs any one again.
    public static TheoryData<int> Seeds =>
        int.TryParse(Environment.GetEnvironmentVariable("CDC_TEST_SEED"), CultureInfo.InvariantCulture, out int seed)
            ? [seed]
            : [.. Enumerable.Range(1, 30), 363843, Random.Shared.Next(1000, 1_000_000)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Random_statements_leave_equal_databases(int seed)
    {
        RandomDdl statements = new(new(seed));
        using DdlPair pair = await server.PairAsync();
        pair.Source.Query(RandomDdl.Start);
        pair.Target.Query("CREATE SCHEMA other; CREATE SCHEMA \"Third\"");
        pair.Capture("SELECT 1");
        List<string> done = [];
        int repeated = 0;
        for (int i = 0; i < Statements; i++)
        {
            if (i == Statements / 4) pair.Snapshot();
            string sql = statements.Next(pair.ReadSource());
            DdlEvent ddl;
            try
            {
                ddl = pair.Capture(sql);
            }
            catch (CdcException)
            {
                // The source refused it.
                continue;
            }
            done.Add(sql);
            if (i < Statements / 4) continue;
            string context = $"seed {seed}:\n{string.Join(";\n", done)}";
            try
            {
                if (ddl.Changes.Length > 0) pair.Apply(ddl);
            }
            catch (CdcException failure) when (failure.Message.Contains("needs a new copy", StringComparison.Ordinal)
                && IsUnrepeatable(ddl))
            {
                return;
            }
            catch (CdcException failure)
            {
                Assert.Fail($"{failure.Message} {failure.Fix}\n{context}\n{failure.InnerException}");
            }
            repeated++;
            if (ddl.Changes.Length == 0) pair.CopyRows();
            pair.AssertEqual(context);
        }
        Assert.True(repeated > 5, $"Seed {seed} tried nothing.");
    }

    // Numbered by an identity, or by a default that is not the same for all rows.
    static bool IsUnrepeatable(DdlEvent ddl) => ddl.Changes.OfType<SchemaChange.TableAltered>().Any(static change =>
        change.Rewrite != TableRewrite.None && !change.Rewrite.HasFlag(TableRewrite.Empty));
}
