using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Wire;

/// <summary>The wire form as a node of some version has it: what ships, or the pretended next one.</summary>
static class Dialect
{
    public static byte Since(byte speaks, Message message) =>
        speaks == WireFormat.Version ? WireFormat.Since(message) : NextVersion.All.SinceOf(message);

    public static void Write(byte speaks, Message message, IBufferWriter<byte> output, byte version)
    {
        if (speaks == WireFormat.Version) WireFormat.Write(message, output, version);
        else NextVersion.Messages.Write(message, output, version);
    }

    public static bool TryRead(
        byte speaks, byte[] bytes, [NotNullWhen(true)] out Message? message, [NotNullWhen(false)] out string? error) =>
        speaks == WireFormat.Version
            ? WireFormat.TryRead(bytes, out message, out error)
            : NextVersion.Messages.TryRead(bytes, out message, out error);
}
