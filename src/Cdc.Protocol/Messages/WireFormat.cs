using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Messages.Wire;

namespace Cdc.Protocol.Messages;

/// <summary>The binary form of messages: a version byte, a tag, and the fields in a fixed order.
/// <c>WireContract.txt</c> beside this assembly's project lists all of it.</summary>
/// <remarks>
/// <para>A message has one form only: what was read is written back byte for byte in the version that it came
/// in.</para>
/// <para>A later version may append fields to records, and add messages and cases. An older message is read with the
/// values that its definition names for the fields it lacks; one of a later version than <see cref="Version"/> is
/// refused, so whoever speaks to an older peer writes that peer's version, and leaves out what it does not
/// have.</para>
/// </remarks>
public static class WireFormat
{
    /// <summary>What is written unless told otherwise.</summary>
    public const byte Version = 1;

    /// <summary>The oldest version that is read, and can be written.</summary>
    public const byte OldestVersion = 1;

    static readonly Versioned<Message> Form = new(MessageShapes.All, OldestVersion, Version);

    /// <summary>The version that brought this kind of message. To a peer of an older one it is not said: any message
    /// may be lost.</summary>
    public static byte Since(Message message) => MessageShapes.All.SinceOf(message);

    /// <summary>Appends a message.</summary>
    /// <remarks>A sentence for people (a refusal, a failure, a reason) of more than 4096 bytes loses its
    /// end.</remarks>
    /// <exception cref="InvalidOperationException">The message can't be: a name of more than 1024 bytes, a step beyond
    /// <see cref="CommitTs.MaxStep"/>, a span that holds nothing, something that the version does not have yet. What
    /// has been appended by then is of no use.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The version can't be written.</exception>
    public static void Write(Message message, IBufferWriter<byte> output, byte version = Version) =>
        Form.Write(message, output, version);

    /// <summary>Reads one whole message. Whatever the bytes are, it does not throw, and takes no more memory than they
    /// can account for.</summary>
    /// <param name="bytes">Exactly one message.</param>
    /// <param name="message">What it says; null: <paramref name="error"/> tells why not.</param>
    /// <param name="error">A sentence without anything of its content.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Message? message, [NotNullWhen(false)] out string? error) =>
        Form.TryRead(bytes, out message, out error);

    /// <summary>The contract's text, made of the definitions that write and read.</summary>
    internal static string Contract() => ContractText.Of(
        ("message", Version, MessageShapes.All),
        ("changefeed record", ChangefeedRecordFormat.Version, ChangefeedRecordFormat.Shape));
}
