using System.Globalization;

namespace Cdc.Bench;

/// <summary>Prints every run as it ends, with the machine's load before it; then medians, spread and ratios.</summary>
static class Report
{
    public static void Run(int round, IContender contender, Measurement measured) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"round {round + 1}  {contender.Name,-36} {measured.Elapsed.TotalSeconds,7:F3} s{Details(measured)}  load {Load()}"));

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
                Processor = TimeSpan.FromSeconds(Median(runs[i], static m => m.Processor.TotalSeconds)),
                AllocatedBytes = (long)Median(runs[i], static m => m.AllocatedBytes),
                LatencyMedian = TimeSpan.FromSeconds(Median(runs[i], static m => m.LatencyMedian.TotalSeconds)),
                LatencyMost = TimeSpan.FromSeconds(Median(runs[i], static m => m.LatencyMost.TotalSeconds)),
                PeakBytes = runs[i].Max(static m => m.PeakBytes),
            };
            double least = runs[i].Min(static m => m.Elapsed.TotalSeconds);
            double most = runs[i].Max(static m => m.Elapsed.TotalSeconds);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"median   {contenders[i].Name,-36} {elapsed,7:F3} s ({least:F2} to {most:F2}){Details(median)}  "
                + $"ratio {elapsed / bar:F2}"));
        }
    }

    static string Details(Measurement measured)
    {
        string text = string.Create(CultureInfo.InvariantCulture,
            $"  processor {measured.Processor.TotalSeconds:F2} s, peak {measured.PeakBytes >> 20} MiB");
        if (measured.LatencyMost > TimeSpan.Zero)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"  visible after {measured.LatencyMedian.TotalMilliseconds:F1} ms (median), "
                + $"{measured.LatencyMost.TotalMilliseconds:F1} ms (99 of 100)");
        }
        if (measured.AllocatedBytes == 0) return text;
        return text + string.Create(CultureInfo.InvariantCulture,
            $", {(double)measured.AllocatedBytes / measured.Rows:F1} B/row allocated");
    }

    public static string Load() =>
        File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    static double Median(List<Measurement> runs, Func<Measurement, double> value)
    {
        double[] sorted = [.. runs.Select(value).Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
