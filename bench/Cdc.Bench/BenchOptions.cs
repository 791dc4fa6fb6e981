using System.Globalization;

namespace Cdc.Bench;

/// <summary>What the command line asks for.</summary>
sealed record BenchOptions
{
    public int Rounds { get; init; } = 5;
    public int Transactions { get; init; } = 10_000;
    public int RowsPerTransaction { get; init; } = 100;

    public long Rows => (long)Transactions * RowsPerTransaction;

    /// <summary>The published command.</summary>
    public string Program { get; init; } = "";

    /// <param name="defaults">Those of a scenario, by its name.</param>
    public static BenchOptions Parse(IReadOnlyList<string> args, Func<string, BenchOptions> defaults)
    {
        bool isNamed = args.Count > 0 && !args[0].StartsWith('-');
        BenchOptions options = defaults(isNamed ? args[0] : "blackhole");
        for (int i = isNamed ? 1 : 0; i < args.Count; i++)
        {
            options = args[i] switch
            {
                "--program" => options with { Program = args[++i] },
                "--rounds" => options with { Rounds = Number(args, ++i) },
                "--transactions" => options with { Transactions = Number(args, ++i) },
                "--rows-per-transaction" => options with { RowsPerTransaction = Number(args, ++i) },
                _ => throw new ArgumentException($"{args[i]} is not an option of the benchmarks."),
            };
        }
        return options;
    }

    static int Number(IReadOnlyList<string> args, int index) =>
        index < args.Count && int.TryParse(args[index], CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw new ArgumentException($"{args[index - 1]} takes a positive number.");
}
