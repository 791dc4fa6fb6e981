using System.Globalization;

namespace Cdc.Simulator;

/// <summary>What a run did, as lines and as one number: two runs of a seed must give the same number.</summary>
public sealed class Trace(bool keepsLines)
{
    readonly List<string> _lines = [];

    public ulong Hash { get; private set; } = 14695981039346656037;

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Whether lines are wanted: saves making them.</summary>
    public bool KeepsLines => keepsLines;

    public void Count(ulong value)
    {
        Hash = (Hash ^ value) * 1099511628211;
    }

    public void Line(TimeSpan now, string text)
    {
        if (keepsLines) _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{now.TotalSeconds,10:F3} {text}"));
    }
}
