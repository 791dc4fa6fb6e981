using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Cdc.Engine.Ddl;

/// <summary>An immutable list that is equal to another with equal items in the same order, which a record's own
/// equality needs.</summary>
[CollectionBuilder(typeof(ValueList), nameof(ValueList.Create))]
public readonly struct ValueList<T> : IReadOnlyList<T>, IEquatable<ValueList<T>>
{
    readonly ImmutableArray<T> _items;

    public ValueList(ImmutableArray<T> items) => _items = items;

    public int Count => Items.Length;
    public T this[int index] => Items[index];
    public ReadOnlySpan<T> AsSpan() => Items.AsSpan();

    ImmutableArray<T> Items => _items.IsDefault ? [] : _items;

    public bool Equals(ValueList<T> other) => AsSpan().SequenceEqual(other.AsSpan());
    public override bool Equals(object? obj) => obj is ValueList<T> other && Equals(other);
    public override int GetHashCode() => Items.IsEmpty ? 0 : HashCode.Combine(Items.Length, Items[0]);

    public ImmutableArray<T>.Enumerator GetEnumerator() => Items.GetEnumerator();
    IEnumerator<T> IEnumerable<T>.GetEnumerator() => ((IEnumerable<T>)Items).GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable)Items).GetEnumerator();

    public static bool operator ==(ValueList<T> left, ValueList<T> right) => left.Equals(right);
    public static bool operator !=(ValueList<T> left, ValueList<T> right) => !left.Equals(right);
}

/// <summary>Makes a <see cref="ValueList{T}"/> from a collection expression.</summary>
public static class ValueList
{
    public static ValueList<T> Create<T>(ReadOnlySpan<T> items) => new([.. items]);
}
