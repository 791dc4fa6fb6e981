using System.Buffers;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Tests.Changefeeds;
using Cdc.Protocol.Tests.Messages;

namespace Cdc.Fuzz.Tests;

/// <summary>What one node says to another.</summary>
static class ProtocolTargets
{
    static readonly byte[][] Messages =
        [.. Enumerable.Range(1, 20).SelectMany(static seed => new RandomMessages(seed).OneOfEach()).Select(Written)];

    static readonly byte[][] Records =
        [.. Enumerable.Range(1, 50).Select(static seed => RandomRecords.Bytes(RandomRecords.Of(seed)))];

    public static IEnumerable<Target> All { get; } =
    [
        new("wire form of messages", Messages, Message, static refused => refused is FormatException),
        new("stored changefeed", Records, Record, static refused => refused is FormatException),
    ];

    // What is read is written back as it came; anything else is refused by a sentence and not by an exception.
    static void Message(byte[] bytes)
    {
        if (!WireFormat.TryRead(bytes, out Message? message, out string? error)) throw new FormatException(error);
        Assert.Equal(bytes, Written(message));
    }

    static void Record(byte[] bytes)
    {
        if (!ChangefeedRecordFormat.TryRead(bytes, out ChangefeedRecord? record, out string? error)) throw new FormatException(error);
        Assert.Equal(bytes, RandomRecords.Bytes(record));
    }

    static byte[] Written(Message message)
    {
        ArrayBufferWriter<byte> output = new();
        WireFormat.Write(message, output);
        return output.WrittenSpan.ToArray();
    }
}
