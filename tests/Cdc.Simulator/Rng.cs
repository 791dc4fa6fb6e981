namespace Cdc.Simulator;

/// <summary>The only source of chance in a run: the same seed gives the same numbers on every machine.</summary>
public sealed class Rng(ulong seed)
{
    ulong _state = seed;

    public ulong Next()
    {
        // SplitMix64: one multiplication chain, every state once.
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to one below <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <summary>From <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    public TimeSpan Between(TimeSpan low, TimeSpan high) =>
        low + new TimeSpan((long)(Next() % (ulong)((high - low).Ticks + 1)));

    public bool Chance(double probability) => (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>A generator of its own, so that one part's draws do not shift another's.</summary>
    public Rng Fork() => new(Next());
}
