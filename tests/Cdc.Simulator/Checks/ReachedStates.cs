namespace Cdc.Simulator.Checks;

/// <summary>Counts the hard cases that runs met: a series of seeds that never met one proves nothing about it.</summary>
public sealed class ReachedStates
{
    readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, long> Counts => _counts;

    public void Reached(string state) => _counts[state] = _counts.GetValueOrDefault(state) + 1;

    public void Add(ReachedStates other)
    {
        foreach ((string state, long count) in other._counts) _counts[state] = _counts.GetValueOrDefault(state) + count;
    }
}
