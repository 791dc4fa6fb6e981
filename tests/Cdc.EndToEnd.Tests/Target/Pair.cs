using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Target;

/// <summary>A source and a target database on one server, and the command that makes the one equal to the
/// other.</summary>
sealed class Pair : IDisposable
{
    static int s_count;

    readonly PostgresCluster _cluster;
    readonly CdcCommand _command = new();

    Pair(PostgresCluster cluster, int number) =>
        (_cluster, Source, Target, Name) = (cluster, $"source{number}", $"target{number}", $"pair{number}");

    public string Source { get; }
    public string Target { get; }
    public string Name { get; }
    public string State => _command.PathOf("state");
    public CdcCommand Command => _command;

    /// <param name="both">Run in both databases: types and tables that are there from the start.</param>
    public static async Task<Pair> CreateAsync(PostgresCluster cluster, string both = "")
    {
        Pair pair = new(cluster, Interlocked.Increment(ref s_count));
        foreach (string database in new[] { pair.Source, pair.Target })
        {
            await cluster.CreateDatabaseAsync(database);
            if (both.Length > 0) await cluster.ExecuteAsync(both, database);
        }
        return pair;
    }

    public Task AtSourceAsync(string sql) => _cluster.ExecuteAsync(sql, Source);

    public Task AtTargetAsync(string sql) => _cluster.ExecuteAsync(sql, Target);

    public Task<string?> AskTargetAsync(string sql) => _cluster.ScalarAsync(sql, Target);

    public string[] Arguments(params string[] more) =>
    [
        "run", "--from", _cluster.UrlFor(Source), "--to", _cluster.UrlFor(Target), "--name", Name, "--state", State,
        .. more,
    ];

    /// <summary>Runs until everything committed before is in the target.</summary>
    public async Task<ProcessResult> RunAsync(params string[] more)
    {
        ProcessResult result = await _command.RunAsync(Arguments(["--until", "now", .. more]));
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    public Task<ProcessResult> TryAsync(params string[] more) =>
        _command.RunAsync(Arguments(["--until", "now", .. more]));

    /// <summary>Compares tables row by row, however often a row is there.</summary>
    public async Task MustBeEqualAsync(params IEnumerable<string> tables)
    {
        foreach (string table in tables)
        {
            string query = $"SELECT t::text FROM {table} t ORDER BY 1";
            IEnumerable<string?> source = (await _cluster.QueryAsync(query, Source)).Select(static row => row[0]);
            IEnumerable<string?> target = (await _cluster.QueryAsync(query, Target)).Select(static row => row[0]);
            Assert.True(source.SequenceEqual(target), $"{table} differs: {Difference(source, target)}");
        }
    }

    public void Dispose() => _command.Dispose();

    static string Difference(IEnumerable<string?> source, IEnumerable<string?> target)
    {
        string Short(string? row) => row is { Length: > 60 } ? row[..60] : row ?? "";
        return $"source only: {string.Join(" | ", source.Except(target).Take(5).Select(Short))}; "
            + $"target only: {string.Join(" | ", target.Except(source).Take(5).Select(Short))}; "
            + $"{source.Count()} and {target.Count()} rows";
    }
}
