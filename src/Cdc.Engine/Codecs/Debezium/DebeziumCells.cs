using System.Buffers;
using System.Buffers.Text;
using Cdc.Engine.Codecs.Text;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs.Debezium;

/// <summary>Writes values as Debezium's PostgreSQL connector has them in JSON without schemas, with
/// <c>decimal.handling.mode=string</c>, <c>time.precision.mode=adaptive</c>, <c>interval.handling.mode=string</c>,
/// <c>hstore.handling.mode=json</c> and <c>binary.handling.mode=bytes</c>.</summary>
internal sealed class DebeziumCells : JsonCells
{
    public override void Write(ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text)
    {
        if (type.Kind == TypeKind.Array) WriteOuter(ref output, type, text);
        else WriteScalar(ref output, type, text);
    }

    protected override bool TryWriteInner(
        ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text, int level)
    {
        if (type.Kind == TypeKind.Array) return TryWriteArray(ref output, type.Element!, text, level);
        WriteScalar(ref output, type, text);
        return true;
    }

    static void WriteScalar(ref Utf8Output output, ColumnType type, scoped ReadOnlySpan<byte> text)
    {
        bool written = type.Kind switch
        {
            TypeKind.Boolean => TryWriteBoolean(ref output, text),
            TypeKind.Int16 or TypeKind.Int32 or TypeKind.Int64 or TypeKind.Oid =>
                JsonNumber.IsInteger(text) && Copy(ref output, text),
            TypeKind.Float32 or TypeKind.Float64 => TryWriteFloat(ref output, text),
            TypeKind.Numeric => TryWriteSpecialNumeric(ref output, text),
            TypeKind.Money => TryWriteMoney(ref output, text),
            TypeKind.Binary => TryWriteBinary(ref output, text),
            TypeKind.Bit => DebeziumBits.TryWrite(ref output, type, text),
            TypeKind.Date or TypeKind.Time or TypeKind.TimeTz or TypeKind.Timestamp or TypeKind.TimestampTz
                or TypeKind.Interval => DebeziumTimes.TryWrite(ref output, type, text),
            TypeKind.Hstore => TryWriteHstore(ref output, text),
            TypeKind.Other when type.Name == "point" => DebeziumPoint.TryWrite(ref output, text),
            _ => false,
        };
        if (!written) JsonString.Write(ref output, text);
    }

    static bool Copy(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        output.Write(text);
        return true;
    }

    static bool TryWriteBoolean(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        if (text is not [(byte)'t' or (byte)'f']) return false;
        return Copy(ref output, text[0] == 't' ? "true"u8 : "false"u8);
    }

    static bool TryWriteFloat(ref Utf8Output output, scoped ReadOnlySpan<byte> text) =>
        JsonNumber.IsNumber(text) && Copy(ref output, text.SequenceEqual("-0"u8) ? "-0.0"u8 : text);

    static bool TryWriteSpecialNumeric(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("NaN"u8)) return Copy(ref output, "\"NAN\""u8);
        if (text.SequenceEqual("Infinity"u8)) return Copy(ref output, "\"POSITIVE_INFINITY\""u8);
        return text.SequenceEqual("-Infinity"u8) && Copy(ref output, "\"NEGATIVE_INFINITY\""u8);
    }

    // The amount without currency and separators: $1,234.50 is 1234.50.
    static bool TryWriteMoney(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        Span<byte> amount = stackalloc byte[32];
        int length = 0;
        if (text.Length > amount.Length || !text.ContainsAnyInRange((byte)'0', (byte)'9')) return false;
        if (text.IndexOfAny((byte)'-', (byte)'(') >= 0) amount[length++] = (byte)'-';
        foreach (byte value in text)
        {
            if (value is >= (byte)'0' and <= (byte)'9' or (byte)'.') amount[length++] = value;
        }
        JsonString.WritePlain(ref output, amount[..length]);
        return true;
    }

    static bool TryWriteBinary(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(text.Length / 2 + 1);
        bool decoded = BinaryText.TryDecode(text, rented, out int length);
        if (decoded) WriteBase64(ref output, rented.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(rented);
        return decoded;
    }

    /// <summary>Writes bytes as a string in Base64.</summary>
    public static void WriteBase64(ref Utf8Output output, scoped ReadOnlySpan<byte> bytes)
    {
        Span<byte> room = output.Room(Base64.GetMaxEncodedToUtf8Length(bytes.Length) + 2);
        room[0] = (byte)'"';
        Base64.EncodeToUtf8(bytes, room[1..], out _, out int length);
        room[length + 1] = (byte)'"';
        output.Advance(length + 2);
    }

    // A string that holds JSON. Each part is escaped twice: as JSON, and as part of the string.
    static bool TryWriteHstore(ref Utf8Output output, scoped ReadOnlySpan<byte> text)
    {
        ArrayBufferWriter<byte> buffer = new(text.Length + 16);
        Utf8Output json = new(buffer);
        HstoreText pairs = new(text);
        byte next = (byte)'{';
        while (pairs.MoveNext())
        {
            json.Write(next);
            WriteUnescaped(ref json, pairs.Key);
            json.Write((byte)':');
            if (pairs.IsNull) json.Write("null"u8);
            else WriteUnescaped(ref json, pairs.Value);
            next = (byte)',';
        }
        json.Write(next == '{' ? "{}"u8 : "}"u8);
        json.Flush();
        if (pairs.IsMalformed) return false;
        JsonString.Write(ref output, buffer.WrittenSpan);
        return true;
    }

    static void WriteUnescaped(ref Utf8Output output, scoped ReadOnlySpan<byte> quoted)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(quoted.Length);
        JsonString.Write(ref output, rented.AsSpan(0, Quoted.Unescape(quoted, rented)));
        ArrayPool<byte>.Shared.Return(rented);
    }
}
