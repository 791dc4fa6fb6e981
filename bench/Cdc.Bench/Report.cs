using System.Globalization;

namespace Cdc.Bench;

/// <summary>Prints every run as it ends, then medians and ratios.</summary>
static class Report
{
    public static void Run(int round, IContender contender, Measurement measured) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"round {round + 1}  {contender.Name,-40} {measured.Elapsed.TotalSeconds,7:F3} s{Details(measured)}"));

    public static void Summary(IReadOnlyList<IContender> contenders, IReadOnlyList<List<Measurement>> runs)
    {
        Console.WriteLine();
        double bar = Median(runs[0], static m => m.Elapsed.TotalSeconds);
        for (int i = 0; i < contenders.Count; i++)
        {
            double elapsed = Median(runs[i], static m => m.Elapsed.TotalSeconds);
            Measurement median = new(TimeSpan.FromSeconds(elapsed))
            {
                Rows = (long)Median(runs[i], static m => m.Rows),
                Inside = TimeSpan.FromSeconds(Median(runs[i], static m => m.Inside.TotalSeconds)),
                Processor = TimeSpan.FromSeconds(Median(runs[i], static m => m.Processor.TotalSeconds)),
                AllocatedBytes = (long)Median(runs[i], static m => m.AllocatedBytes),
                PeakBytes = (long)Median(runs[i], static m => m.PeakBytes),
            };
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"median   {contenders[i].Name,-40} {elapsed,7:F3} s{Details(median)}  ratio {elapsed / bar:F2}"));
        }
    }

    static string Details(Measurement measured) => measured.Rows == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
        $"  inside {measured.Inside.TotalSeconds:F3} s, processor {measured.Processor.TotalSeconds:F3} s, "
        + $"{(double)measured.AllocatedBytes / measured.Rows:F1} B/row allocated, peak {measured.PeakBytes >> 20} MiB");

    static double Median(List<Measurement> runs, Func<Measurement, double> value)
    {
        double[] sorted = [.. runs.Select(value).Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
