using System.Buffers;
using Cdc.Protocol.Changefeeds;

namespace Cdc.Protocol.Tests.Changefeeds;

/// <summary>Records with every field at random, the same for the same seed.</summary>
static class RandomRecords
{
    public static ChangefeedRecord Of(int seed)
    {
        Random random = new(seed);
        ulong Number() => random.Next(3) == 0 ? ulong.MaxValue >> random.Next(64) : (ulong)random.Next(200);
        Guid Id() => new((int)Number(), (short)random.Next(99), 3, new byte[8]);
        CommitTs Ts() => new(Number(), (uint)random.Next((int)CommitTs.MaxStep + 1));
        return new(
            new(Id()), (ChangefeedState)random.Next(6), (Closing)random.Next(3),
            new(random.Next(2) == 0 ? null : Ts(), random.Next(2) == 0),
            new(new(Number()), random.Next(2) == 0 ? Guid.Empty : Id(), random.Next(2) == 0, [.. Enumerable.Range(0, random.Next(9)).Select(_ => Id())]),
            Ts(),
            new([.. Enumerable.Range(0, random.Next(4)).Select(i => new Protocol.Messages.ParkedTable(new(i)))], new(Number()),
                [.. Enumerable.Range(0, random.Next(4)).Select(i => new ParkingHeard(new(i), Number()))],
                [.. Enumerable.Range(0, random.Next(3)).Select(i => new TableId(i))]),
            random.Next(2) == 0 ? null : new(random.Next(), TimeSpan.FromTicks(random.NextInt64(long.MaxValue)), new("a"), "it is busy"));
    }

    public static byte[] Bytes(ChangefeedRecord record)
    {
        ArrayBufferWriter<byte> output = new();
        ChangefeedRecordFormat.Write(record, output);
        return output.WrittenSpan.ToArray();
    }
}
