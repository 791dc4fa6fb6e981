using System.Buffers;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Tests.Messages;

namespace Cdc.Fuzz.Tests;

/// <summary>What one node says to another.</summary>
static class ProtocolTargets
{
    static readonly byte[][] Messages =
        [.. Enumerable.Range(1, 20).SelectMany(static seed => new RandomMessages(seed).OneOfEach()).Select(Written)];

    public static IEnumerable<Target> All { get; } =
    [
        new("wire form of messages", Messages, Message, static refused => refused is FormatException),
    ];

    // What is read is written back as it came; anything else is refused by a sentence and not by an exception.
    static void Message(byte[] bytes)
    {
        if (!WireFormat.TryRead(bytes, out Message? message, out string? error)) throw new FormatException(error);
        Assert.Equal(bytes, Written(message));
    }

    static byte[] Written(Message message)
    {
        ArrayBufferWriter<byte> output = new();
        WireFormat.Write(message, output);
        return output.WrittenSpan.ToArray();
    }
}
