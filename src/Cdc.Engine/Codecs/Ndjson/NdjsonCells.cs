using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs.Ndjson;

/// <summary>Writes values as our NDJSON has them: what JSON can say exactly as JSON, all else as the database's
/// text.</summary>
/// <remarks>Every form reads back through the database's own <c>json_populate_record</c>.</remarks>
internal sealed class NdjsonCells : JsonCells
{
    const int PlainTimestampLength = 19; // 2026-11-20 22:57:03
    const int TimestampLengthMax = 26;

    public override void Write(ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text)
    {
        switch (type.Kind)
        {
            case TypeKind.Array or TypeKind.Composite:
                WriteOuter(ref output, type, text);
                break;
            case TypeKind.Json:
                WriteJson(ref output, text);
                break;
            default:
                WriteScalar(ref output, type.Kind, text);
                break;
        }
    }

    protected override bool TryWriteInner(
        ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text, int level)
    {
        switch (type.Kind)
        {
            case TypeKind.Array:
                return TryWriteArray(ref output, type.Element!, text, level);
            case TypeKind.Composite:
                return TryWriteComposite(ref output, type, text, level);
            case TypeKind.Json when JsonDocumentText.IsNull(text):
                return false; // It would read back as NULL.
            case TypeKind.Json:
                WriteJson(ref output, text);
                return true;
            default:
                WriteScalar(ref output, type.Kind, text);
                return true;
        }
    }

    protected override bool IsAmbiguous(ColumnType element, ReadOnlySpan<byte> text) =>
        element.Kind == TypeKind.Json && JsonDocumentText.IsArray(text);

    static void WriteJson(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        if (JsonDocumentText.IsValid(text)) JsonDocumentText.Write(ref output, text);
        else JsonString.Write(ref output, text);
    }

    static void WriteScalar(ref Utf8Output output, TypeKind kind, scoped ReadOnlySpan<byte> text)
    {
        switch (kind)
        {
            case TypeKind.Int16 or TypeKind.Int32 or TypeKind.Int64 or TypeKind.Oid when JsonNumber.IsInteger(text):
                output.Write(text);
                break;
            case TypeKind.Float32 or TypeKind.Float64 when JsonNumber.IsNumber(text) && !text.SequenceEqual("-0"u8):
                output.Write(text);
                break;
            case TypeKind.Boolean when text.Length == 1 && text[0] is (byte)'t' or (byte)'f':
                output.Write(text[0] == 't' ? "true"u8 : "false"u8);
                break;
            case TypeKind.Timestamp when IsPlain(text):
                WriteIso(ref output, text, default);
                break;
            case TypeKind.TimestampTz when text.EndsWith("+00"u8) && IsPlain(text[..^3]):
                WriteIso(ref output, text[..^3], "Z"u8);
                break;
            default:
                JsonString.Write(ref output, text);
                break;
        }
    }

    // Four digits of year and no BC behind it: what ISO 8601 and every reader of it agree on.
    static bool IsPlain(ReadOnlySpan<byte> text)
    {
        if (text.Length is < PlainTimestampLength or > TimestampLengthMax) return false;
        return text[4] == '-' && text[10] == ' ' && !text.ContainsAnyExceptInRange((byte)' ', (byte)':')
            && !text.Contains((byte)'"');
    }

    static void WriteIso(ref Utf8Output output, scoped ReadOnlySpan<byte> text, scoped ReadOnlySpan<byte> zone)
    {
        Span<byte> room = output.Room(TimestampLengthMax + 3);
        room[0] = (byte)'"';
        text.CopyTo(room[1..]);
        room[11] = (byte)'T';
        zone.CopyTo(room[(1 + text.Length)..]);
        int length = 1 + text.Length + zone.Length;
        room[length] = (byte)'"';
        output.Advance(length + 1);
    }
}
