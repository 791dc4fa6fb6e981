using System.Collections.Immutable;

namespace Cdc.Protocol;

/// <summary>Which part of a table's interval some of its spans cover together: neighbours and overlaps join, a hole
/// stays a hole.</summary>
internal sealed class Coverage
{
    /// <summary>Disjoint, not touching, in order.</summary>
    readonly List<(ulong From, ulong To)> _parts = [];

    /// <summary>Whether nothing of <c>[0, 2³²)</c> is missing.</summary>
    public bool IsWhole => _parts.Count == 1 && _parts[0] == (0, TableSpan.HashEnd);

    public void Reset() => _parts.Clear();

    /// <summary>Adds a span; whose table it is is the caller's to know.</summary>
    public void Add(TableSpan span)
    {
        ulong from = span.From, to = span.To;
        int first = _parts.Count;
        while (first > 0 && _parts[first - 1].To >= from) first--;
        int last = first;
        while (last < _parts.Count && _parts[last].From <= to) last++;
        if (last > first)
        {
            from = Math.Min(from, _parts[first].From);
            to = Math.Max(to, _parts[last - 1].To);
            _parts.RemoveRange(first, last - first);
        }

        _parts.Insert(first, (from, to));
    }

    /// <summary>What is missing, in order.</summary>
    public ImmutableArray<TableSpan> Holes(TableId table)
    {
        ImmutableArray<TableSpan>.Builder holes = ImmutableArray.CreateBuilder<TableSpan>();
        ulong next = 0;
        foreach ((ulong from, ulong to) in _parts)
        {
            if (from > next) holes.Add(new TableSpan(table, (uint)next, from));
            next = to;
        }

        if (next < TableSpan.HashEnd) holes.Add(new TableSpan(table, (uint)next, TableSpan.HashEnd));
        return holes.ToImmutable();
    }
}
