namespace Cdc.Embedded.Tests.Running;

/// <summary>What happened, in order, over all parts of a run.</summary>
sealed class Journal
{
    readonly List<string> _lines = [];

    public void Add(string line)
    {
        lock (_lines) _lines.Add(line);
    }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    public int IndexOf(string line)
    {
        int index = Lines.ToList().FindIndex(found => found.StartsWith(line, StringComparison.Ordinal));
        Assert.True(index >= 0, $"'{line}' did not happen: {string.Join("; ", Lines)}");
        return index;
    }
}
