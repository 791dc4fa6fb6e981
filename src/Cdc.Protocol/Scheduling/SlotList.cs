namespace Cdc.Protocol.Scheduling;

/// <summary>A list whose items remember where they are in it, so that any of them leaves at once.</summary>
/// <remarks>Its order follows from the calls alone, the same in every process.</remarks>
internal sealed class SlotList<T>(SlotList<T>.SlotOf slot)
    where T : class
{
    /// <summary>Where an item keeps its place; -1: it is not in the list.</summary>
    internal delegate ref int SlotOf(T item);

    readonly List<T> _items = [];

    public int Count => _items.Count;

    public T this[int index] => _items[index];

    public T[] ToArray() => [.. _items];

    public void Add(T item)
    {
        if (slot(item) >= 0) throw new InvalidOperationException($"Already in the list: {item}.");
        slot(item) = _items.Count;
        _items.Add(item);
    }

    public bool Remove(T item)
    {
        int at = slot(item);
        if (at < 0) return false;
        T last = _items[^1];
        _items[at] = last;
        slot(last) = at;
        _items.RemoveAt(_items.Count - 1);
        slot(item) = -1;
        return true;
    }
}
