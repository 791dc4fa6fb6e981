using System.Buffers.Binary;
using System.Text;

namespace Cdc.Postgres.Tests.Decoding;

/// <summary>Builds pgoutput's messages byte by byte, from the protocol's description and not from the
/// decoder.</summary>
static class LogMessages
{
    public static byte[] Begin(ulong finalLsn, long time = 0, uint xid = 7) =>
        new Bytes('B').UInt64(finalLsn).UInt64((ulong)time).UInt32(xid).Done;

    public static byte[] Commit(ulong commitLsn, ulong endLsn, long time = 0) =>
        new Bytes('C').Byte(0).UInt64(commitLsn).UInt64(endLsn).UInt64((ulong)time).Done;

    public static byte[] Relation(uint oid, string name, char identity, params (string Name, bool IsKey)[] columns) =>
        Relation(oid, "public", name, identity, [.. columns.Select(c => (c.Name, c.IsKey, 25u, -1))]);

    public static byte[] Relation(
        uint oid, string schema, string name, char identity,
        (string Name, bool IsKey, uint Type, int Modifier)[] columns)
    {
        Bytes bytes = new Bytes('R').UInt32(oid).Text(schema).Text(name).Byte((byte)identity)
            .UInt16((ushort)columns.Length);
        foreach ((string column, bool isKey, uint type, int modifier) in columns)
            bytes.Byte(isKey ? (byte)1 : (byte)0).Text(column).UInt32(type).UInt32((uint)modifier);
        return bytes.Done;
    }

    public static byte[] Type(uint oid, string name) => new Bytes('Y').UInt32(oid).Text("public").Text(name).Done;

    public static byte[] Origin(ulong lsn, string name) => new Bytes('O').UInt64(lsn).Text(name).Done;

    public static byte[] Insert(uint oid, params string?[] cells) => new Bytes('I').UInt32(oid).Tuple('N', cells).Done;

    public static byte[] Update(uint oid, params string?[] cells) => new Bytes('U').UInt32(oid).Tuple('N', cells).Done;

    public static byte[] Update(uint oid, char image, string?[] old, string?[] @new) =>
        new Bytes('U').UInt32(oid).Tuple(image, old).Tuple('N', @new).Done;

    public static byte[] Delete(uint oid, char image, params string?[] cells) =>
        new Bytes('D').UInt32(oid).Tuple(image, cells).Done;

    public static byte[] Truncate(byte options, params uint[] oids)
    {
        Bytes bytes = new Bytes('T').UInt32((uint)oids.Length).Byte(options);
        foreach (uint oid in oids) bytes.UInt32(oid);
        return bytes.Done;
    }

    public static byte[] Message(bool transactional, string prefix, byte[] content) =>
        new Bytes('M').Byte(transactional ? (byte)1 : (byte)0).UInt64(1).Text(prefix)
            .UInt32((uint)content.Length).Raw(content).Done;

    /// <summary>In a tuple: the value did not change and was not sent.</summary>
    public const string Unchanged = "\u0001unchanged";

    sealed class Bytes
    {
        readonly List<byte> _bytes = [];

        public Bytes(char letter) => _bytes.Add((byte)letter);

        public byte[] Done => [.. _bytes];

        public Bytes Byte(byte value)
        {
            _bytes.Add(value);
            return this;
        }

        public Bytes Raw(ReadOnlySpan<byte> value)
        {
            _bytes.AddRange(value);
            return this;
        }

        public Bytes UInt16(ushort value)
        {
            Span<byte> bytes = stackalloc byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
            return Raw(bytes);
        }

        public Bytes UInt32(uint value)
        {
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
            return Raw(bytes);
        }

        public Bytes UInt64(ulong value)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
            return Raw(bytes);
        }

        public Bytes Text(string value) => Raw(Encoding.UTF8.GetBytes(value)).Byte(0);

        public Bytes Tuple(char image, string?[] cells)
        {
            Byte((byte)image).UInt16((ushort)cells.Length);
            foreach (string? cell in cells)
            {
                if (cell is null) Byte((byte)'n');
                else if (cell == Unchanged) Byte((byte)'u');
                else
                {
                    byte[] text = Encoding.UTF8.GetBytes(cell);
                    Byte((byte)'t').UInt32((uint)text.Length).Raw(text);
                }
            }
            return this;
        }
    }
}
