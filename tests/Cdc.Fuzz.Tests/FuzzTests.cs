using System.Diagnostics;
using System.Globalization;

namespace Cdc.Fuzz.Tests;

/// <summary>Whatever bytes a parser gets, it reads them or refuses them as it says: no other exception, no wait without
/// end, no memory by the length that a stranger wrote.</summary>
/// <remarks>The same seed gives the same inputs. CDC_FUZZ_SECONDS runs longer than the few rounds of every day, with
/// new inputs each time unless CDC_FUZZ_SEED names them.</remarks>
public sealed class FuzzTests
{
    const int EverydaySeed = 20_261_120;
    const int EverydayRounds = 1_000;
    const long BytesMax = 64 << 20;

    static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);
    static readonly Target[] Targets = [.. BinaryTargets.All, .. ProtocolTargets.All, .. FileTargets.All, .. TextTargets.All];

    public static TheoryData<string> Names => new(Targets.Select(static target => target.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Bad_input_is_read_or_refused(string name)
    {
        Target target = Targets.Single(candidate => candidate.Name == name);
        double seconds = Number("CDC_FUZZ_SECONDS") / Targets.Length;
        int seed = (int)Number("CDC_FUZZ_SEED", seconds > 0 ? Environment.TickCount : EverydaySeed);
        Mutations inputs = new(seed);
        foreach (byte[] sample in target.Samples) Attempt(target, sample, "a sample");
        // Values come in many types and two formats, each a target.
        int least = target.IsTotal ? EverydayRounds / 5 : EverydayRounds;
        long started = Stopwatch.GetTimestamp();
        int refused = 0;
        int rounds = 0;
        for (; rounds < least || Stopwatch.GetElapsedTime(started).TotalSeconds < seconds; rounds++)
        {
            if (!Attempt(target, inputs.Next(target.Samples), $"seed {seed}, round {rounds}")) refused++;
        }
        Assert.True(target.IsTotal || refused > 0, $"none of {rounds} inputs was refused: the mutations never reach the parser");
    }

    static bool Attempt(Target target, byte[] input, string which)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long started = Stopwatch.GetTimestamp();
        bool isRead = true;
        try
        {
            target.Parse(input);
        }
        catch (Exception refused) when (target.IsRefusal(refused))
        {
            isRead = false;
        }
        catch (Exception other)
        {
            Assert.Fail($"{which}: {other}\n{Convert.ToHexString(input)}");
        }
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < BytesMax, $"{which} took much memory");
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeMax, $"{which} took long");
        return isRead;
    }

    static double Number(string variable, double otherwise = 0) =>
        double.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out double number)
            ? number
            : otherwise;
}
