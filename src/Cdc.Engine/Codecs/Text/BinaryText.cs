using System.Buffers;
using System.Buffers.Text;

namespace Cdc.Engine.Codecs.Text;

/// <summary>The text form of bytea: <c>\x</c> and hexadecimal digits.</summary>
internal static class BinaryText
{
    /// <summary>Decodes the bytes; <paramref name="target"/> holds at least half the text.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> target, out int written)
    {
        written = 0;
        if (!text.StartsWith("\\x"u8) || text.Length % 2 != 0) return false;
        return Convert.FromHexString(text[2..], target, out _, out written) == OperationStatus.Done;
    }
}
