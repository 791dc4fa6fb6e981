using System.Globalization;

namespace Cdc.Simulator;

/// <summary>What runs measured, by name: to choose bounds by, and to see how near to them runs come.</summary>
public sealed class Figures
{
    readonly SortedDictionary<string, List<(double Value, ulong Seed)>> _values = new(StringComparer.Ordinal);

    /// <summary>Whose figures come now.</summary>
    public ulong Seed { get; set; }

    public void Add(string name, double value)
    {
        if (!_values.TryGetValue(name, out var values)) _values.Add(name, values = []);
        values.Add((value, Seed));
    }

    public void Add(Figures other)
    {
        foreach ((string name, var values) in other._values)
        {
            if (!_values.TryGetValue(name, out var all)) _values.Add(name, all = []);
            all.AddRange(values);
        }
    }

    /// <summary>A line for each: how many, the median, the hundredth and the thousandth from above, the greatest and
    /// its seed.</summary>
    public IEnumerable<string> Lines()
    {
        foreach ((string name, var values) in _values)
        {
            values.Sort();
            double At(double share) => values[(int)((values.Count - 1) * share)].Value;
            (double most, ulong seed) = values[^1];
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{name}: {values.Count}, {At(0.5):F1}, {At(0.99):F1}, {At(0.999):F1}, {most:F1} (seed {seed})");
        }
    }
}
