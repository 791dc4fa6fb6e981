using System.Diagnostics;
using System.Globalization;
using Cdc.Testing;

namespace Cdc.Bench;

/// <summary>Runs a command to its end and measures it from outside, with GNU time: the same for everybody.</summary>
static class TimedProcess
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    public static async Task<(Measurement Measurement, ProcessResult Result)> RunAsync(
        string file, params IReadOnlyList<string> arguments)
    {
        using TemporaryDirectory place = new("cdc-bench-time-");
        string times = place.File("times");
        long started = Stopwatch.GetTimestamp();
        ProcessResult result = await ProcessRun.RunAsync(
            "time", ["--format", "%U %S %M", "--output", times, file, .. arguments], Limit);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        result.Expect0(file);
        double[] said = [.. (await File.ReadAllTextAsync(times)).Split(' ').Select(
            static text => double.Parse(text, CultureInfo.InvariantCulture))];
        Measurement measured = new(elapsed)
        {
            Processor = TimeSpan.FromSeconds(said[0] + said[1]),
            PeakBytes = (long)said[2] << 10,
        };
        return (measured, result);
    }
}
