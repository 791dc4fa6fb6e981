using Cdc.Conformance.Tests.Source;
using Cdc.Engine.Sources;
using Npgsql;

namespace Cdc.Conformance.Tests.Capture;

/// <summary>Which publication a table belongs to is said by the plan of a start and by the triggers. Over a generated
/// table of cases both say the same, and what the server itself says.</summary>
public sealed class PlacementTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static readonly string[] Keys =
        ["", "ADD PRIMARY KEY (id)", "ADD PRIMARY KEY (id) DEFERRABLE", "ADD PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED"];

    static readonly string[] Identities = ["DEFAULT", "FULL", "NOTHING", "USING INDEX", "GONE"];

    static readonly (string Key, string Identity)[] Shapes =
        [.. Keys.SelectMany(static key => Identities.Select(identity => (key, identity)))];

    [Theory]
    [InlineData("public.*")]
    [InlineData("")]
    public async Task The_plan_the_triggers_and_the_server_agree_on_every_tables_place(string tables)
    {
        // Without a wildcard no schema is published whole.
        string[] names = [.. Shapes.SelectMany(static (_, i) => new[] { $"before{i}", $"after{i}" })];
        if (tables.Length == 0) tables = string.Join(' ', names.Select(static n => "public." + n));
        await using CaptureCase @case = await CaptureCase.StartAsync(
            fixture, string.Concat(Shapes.Select(static (s, i) => $"{Make($"before{i}", s)};\n")), tables: tables);
        await CheckAsync(@case, tables, names.Where(static n => n.StartsWith("before", StringComparison.Ordinal)));
        await @case.RunAsync([.. Shapes.Select(static (s, i) => Make($"after{i}", s))]);
        await CheckAsync(@case, tables, names);
        foreach (int distance in new[] { 1, 7 })
        {
            await @case.RunAsync([.. Shapes.SelectMany((_, i) => Turn($"before{i}", Shapes[(i + distance) % Shapes.Length]))]);
            await CheckAsync(@case, tables, names);
        }
    }

    static string Make(string table, (string Key, string Identity) shape) =>
        $"CREATE TABLE {table} (id int NOT NULL); " + string.Join("; ", Shape(table, shape));

    static IEnumerable<string> Turn(string table, (string Key, string Identity) shape) =>
    [
        $"ALTER TABLE {table} REPLICA IDENTITY DEFAULT", $"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_pkey",
        $"DROP INDEX IF EXISTS {table}_u", .. Shape(table, shape),
    ];

    static IEnumerable<string> Shape(string table, (string Key, string Identity) shape)
    {
        if (shape.Key.Length > 0) yield return $"ALTER TABLE {table} {shape.Key}";
        if (shape.Identity is not ("USING INDEX" or "GONE"))
        {
            yield return $"ALTER TABLE {table} REPLICA IDENTITY {shape.Identity}";
            yield break;
        }
        yield return $"CREATE UNIQUE INDEX {table}_u ON {table} (id)";
        yield return $"ALTER TABLE {table} REPLICA IDENTITY USING INDEX {table}_u";
        if (shape.Identity == "GONE") yield return $"DROP INDEX {table}_u";
    }

    async Task CheckAsync(CaptureCase @case, string tables, IEnumerable<string> names)
    {
        // What the plan would still change is only what is listed twice, which harms nobody until the next start.
        await using Cdc.Postgres.PostgresSource source = fixture.Source(@case.Database, @case.Name, tables: tables);
        SourceFacts facts = await source.InspectAsync(Cancellation);
        Assert.DoesNotContain(facts.Plan, s => s.Contains("PUBLICATION", StringComparison.Ordinal)
            && !s.StartsWith($"ALTER PUBLICATION \"cdc_{@case.Name}_insert\" DROP TABLE ONLY", StringComparison.Ordinal));
        List<string> keyed = await @case.KeyedAsync();
        await @case.RunAsync([.. names.Select(static n => $"UPDATE {n} SET id = id")]);
        await using NpgsqlConnection admin = await @case.OpenAsync("postgres");
        foreach (string name in names.Except(keyed))
        {
            await using NpgsqlCommand update = new(
                $"BEGIN; ALTER PUBLICATION cdc_{@case.Name} ADD TABLE {name}; UPDATE {name} SET id = id", admin);
            PostgresException refused = await Assert.ThrowsAsync<PostgresException>(() => update.ExecuteNonQueryAsync(Cancellation));
            Assert.Equal(PostgresErrorCodes.ObjectNotInPrerequisiteState, refused.SqlState);
            await using NpgsqlCommand back = new("ROLLBACK", admin);
            await back.ExecuteNonQueryAsync(Cancellation);
        }
    }
}
