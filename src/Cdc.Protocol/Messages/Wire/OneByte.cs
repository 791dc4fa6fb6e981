using System.Runtime.CompilerServices;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>An enumeration in one byte. A number without a name is refused.</summary>
sealed class OneByte<T> : Shape<T> where T : struct, Enum
{
    readonly bool[] _known = new bool[256];

    public OneByte() : base(typeof(T).Name, 1)
    {
        T[] values = Enum.GetValues<T>();
        foreach (T value in values) _known[Number(value)] = true;
        Definition = string.Join(", ", values.Select(static value => $"{Number(value)} {value}"));
    }

    public override string Definition { get; }

    public override void Write(ref WireWriter writer, T value) => writer.Byte(Number(value));

    public override T Read(ref WireReader reader)
    {
        byte number = reader.Byte();
        if (!_known[number]) reader.Fail($"There is no {Name} {number}.");
        return Unsafe.As<byte, T>(ref number);
    }

    static byte Number(T value) => Unsafe.As<T, byte>(ref value);
}
