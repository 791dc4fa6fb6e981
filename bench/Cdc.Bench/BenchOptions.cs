using System.Globalization;

namespace Cdc.Bench;

/// <summary>What the command line asks for.</summary>
sealed record BenchOptions
{
    public string Scenario { get; init; } = "blackhole";
    public int Rounds { get; init; } = 5;
    public int Transactions { get; init; } = 10_000;
    public int RowsPerTransaction { get; init; } = 100;

    public long Rows => (long)Transactions * RowsPerTransaction;

    public static BenchOptions Parse(IReadOnlyList<string> args)
    {
        BenchOptions options = new();
        for (int i = 0; i < args.Count; i++)
        {
            options = args[i] switch
            {
                "--rounds" => options with { Rounds = Number(args, ++i) },
                "--transactions" => options with { Transactions = Number(args, ++i) },
                "--rows-per-transaction" => options with { RowsPerTransaction = Number(args, ++i) },
                ['-', ..] => throw new ArgumentException($"{args[i]} is not an option of the benchmarks."),
                string scenario => options with { Scenario = scenario },
            };
        }
        return options;
    }

    static int Number(IReadOnlyList<string> args, int index) =>
        index < args.Count && int.TryParse(args[index], CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw new ArgumentException($"{args[index - 1]} takes a positive number.");
}
