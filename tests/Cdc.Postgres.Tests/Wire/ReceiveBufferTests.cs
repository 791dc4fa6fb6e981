using System.Buffers.Binary;
using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Tests.Wire;

public sealed class ReceiveBufferTests
{
    const int BodyMax = 1 << 30;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(10_000)]
    public void Messages_come_whole_however_the_bytes_are_cut(int piece)
    {
        int[] lengths = [0, 1, 59, 60, 5, 64, 500, 3, 0, 7000, 10, 100, 2];
        byte[] bytes = [.. lengths.SelectMany((length, i) => Message((byte)i, length))];
        var buffer = new ReceiveBuffer(64);
        int at = 0;
        var taken = new List<(int, int)>();
        while (taken.Count < lengths.Length)
        {
            if (buffer.TryTake(BodyMax, out byte type, out ReadOnlySpan<byte> body))
            {
                Assert.Equal(-1, body.IndexOfAnyExcept(type));
                taken.Add((type, body.Length));
                continue;
            }
            Span<byte> room = buffer.Room();
            Assert.NotEqual(0, room.Length);
            int count = Math.Min(Math.Min(piece, room.Length), bytes.Length - at);
            bytes.AsSpan(at, count).CopyTo(room);
            buffer.Received(count);
            at += count;
        }
        Assert.Equal(lengths.Select((length, i) => (i, length)), taken);
        Assert.True(buffer.IsEmpty);
    }

    [Fact]
    public void A_long_message_grows_the_buffer_as_it_comes_and_leaves_it_small()
    {
        var buffer = new ReceiveBuffer(1024);
        const int length = 1_000_000;
        byte[] bytes = Message(7, length);
        int at = 0;
        ReadOnlySpan<byte> body;
        while (!buffer.TryTake(BodyMax, out _, out body))
        {
            Assert.InRange(buffer.Capacity, 1024, Math.Max(1024, 2 * at));
            Span<byte> room = buffer.Room();
            int count = Math.Min(room.Length, bytes.Length - at);
            bytes.AsSpan(at, count).CopyTo(room);
            buffer.Received(count);
            at += count;
        }
        Assert.Equal(length, body.Length);
        Assert.False(buffer.TryTake(BodyMax, out _, out _));
        buffer.Room();
        Assert.Equal(1024, buffer.Capacity);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [InlineData(4 + 101)]
    public void A_length_that_cannot_be_is_a_violation_before_anything_is_allocated(int length)
    {
        var buffer = new ReceiveBuffer(64);
        Span<byte> room = buffer.Room();
        room[0] = (byte)'D';
        BinaryPrimitives.WriteInt32BigEndian(room[1..], length);
        buffer.Received(5);
        var refused = Assert.Throws<CdcException>(() => buffer.TryTake(100, out _, out _));
        Assert.Equal(FailureKind.ProtocolViolation, refused.Kind);
        Assert.Equal(64, buffer.Capacity);
    }

    static byte[] Message(byte type, int length)
    {
        byte[] message = new byte[5 + length];
        message.AsSpan().Fill(type);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + length);
        return message;
    }
}
