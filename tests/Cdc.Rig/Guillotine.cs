using System.Diagnostics;
using System.Globalization;
using Cdc.Engine;

namespace Cdc.Rig;

/// <summary>Ends this process, as SIGKILL does, at the n-th time that a step is reached.</summary>
sealed class Guillotine(Milestone at, int times) : IMilestones
{
    int _left = times;

    public static Guillotine Parse(string point)
    {
        string[] parts = point.Split(':');
        return new(Enum.Parse<Milestone>(parts[0]), int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public void Reached(Milestone milestone)
    {
        if (milestone != at || Interlocked.Decrement(ref _left) != 0) return;
        Process.GetCurrentProcess().Kill();
        Thread.Sleep(Timeout.Infinite);
    }
}
