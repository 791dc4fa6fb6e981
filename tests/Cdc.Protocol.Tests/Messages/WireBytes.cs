using System.Buffers;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Tests.Messages;

/// <summary>Short ways to the wire form.</summary>
static class WireBytes
{
    public static byte[] Of(Message message, byte version = WireFormat.Version)
    {
        ArrayBufferWriter<byte> output = new();
        WireFormat.Write(message, output, version);
        return output.WrittenSpan.ToArray();
    }

    public static Message Read(ReadOnlySpan<byte> bytes)
    {
        Assert.True(WireFormat.TryRead(bytes, out Message? message, out string? error), error);
        return message;
    }

    public static string Refusal(ReadOnlySpan<byte> bytes)
    {
        Assert.False(WireFormat.TryRead(bytes, out Message? message, out string? error), "It was read.");
        Assert.Null(message);
        Assert.EndsWith(".", error);
        return error!;
    }
}
