using System.Buffers.Binary;
using System.Numerics;

namespace Cdc.Engine.Storage;

/// <summary>The Castagnoli checksum, computed piece by piece; processors have an instruction for it.</summary>
public struct Crc32C()
{
    uint _state = uint.MaxValue;

    public readonly uint Value => ~_state;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        Crc32C crc = new();
        crc.Add(bytes);
        return crc.Value;
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        uint state = _state;
        while (bytes.Length >= sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (byte one in bytes) state = BitOperations.Crc32C(state, one);
        _state = state;
    }
}
