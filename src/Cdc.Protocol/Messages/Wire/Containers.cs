using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>A count, and that many values.</summary>
sealed class Many<T>(Shape<T> element) : Shape<ImmutableArray<T>>($"{element.Name}[]", 1)
{
    public override string? Definition => null;

    public override IEnumerable<IShape> Parts => [element];

    public override void Write(ref WireWriter writer, ImmutableArray<T> value)
    {
        ReadOnlySpan<T> values = value.AsSpan();
        writer.Varint((ulong)values.Length);
        foreach (T one in values) element.Write(ref writer, one);
    }

    public override ImmutableArray<T> Read(ref WireReader reader)
    {
        int count = reader.Count(element.LeastBytes);
        if (count == 0) return [];
        T[] values = new T[count];
        for (int i = 0; i < count && reader.Error is null; i++) values[i] = element.Read(ref reader);
        return ImmutableCollectionsMarshal.AsImmutableArray(values);
    }
}

/// <summary>0, or 1 and a value.</summary>
sealed class Perhaps<T>(Shape<T> some) : Shape<T?>($"{some.Name}?", 1) where T : struct
{
    public override string? Definition => null;

    public override IEnumerable<IShape> Parts => [some];

    public override void Write(ref WireWriter writer, T? value)
    {
        writer.Bool(value.HasValue);
        if (value.HasValue) some.Write(ref writer, value.GetValueOrDefault());
    }

    public override T? Read(ref WireReader reader) => reader.Bool() ? some.Read(ref reader) : null;
}

/// <summary>0, or 1 and a value.</summary>
sealed class PerhapsRecord<T>(Shape<T> some) : Shape<T?>($"{some.Name}?", 1) where T : class
{
    public override string? Definition => null;

    public override IEnumerable<IShape> Parts => [some];

    public override void Write(ref WireWriter writer, T? value)
    {
        writer.Bool(value is not null);
        if (value is not null) some.Write(ref writer, value);
    }

    public override T? Read(ref WireReader reader) => reader.Bool() ? some.Read(ref reader) : null;
}
