using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Tests.Messages;

namespace Cdc.Protocol.Tests.Changefeeds;

public sealed class RecordFormatTests
{
    const string Kept =
        "01770000000200030000000000000000000202015A0300052A00000000000000000000000000000001010100000000000000"
        + "0000000000000000B204000203050501050201050103C08DB70102610462757379";

    static readonly ChangefeedRecord Sample = new(
        new(new(0x77, 2, 3, new byte[8])), ChangefeedState.Stopped, Closing.Remove, new(new CommitTs(90, 3), false),
        new(new(5), new(42, 0, 0, new byte[8]), true, [new(1, 0, 0, new byte[8])]), new(562, 0),
        new([new(new(-2)), new(new(-3))], new(5), [new(new(-3), 2)], [new(-3)]),
        new(3, TimeSpan.FromMilliseconds(300), new("a"), "busy"));

    [Fact]
    public void What_was_written_is_read_back_field_by_field()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            ChangefeedRecord record = RandomRecords.Of(seed);
            byte[] bytes = RandomRecords.Bytes(record);
            Assert.True(ChangefeedRecordFormat.TryRead(bytes, out ChangefeedRecord? read, out string? error), error);
            Assert.Equal(Dump.Of(record), Dump.Of(read));
            Assert.Equal(bytes, RandomRecords.Bytes(read));
        }
    }

    [Fact]
    public void A_record_without_its_end_or_with_more_is_refused()
    {
        byte[] bytes = RandomRecords.Bytes(Sample);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.False(ChangefeedRecordFormat.TryRead(bytes.AsSpan(0, length), out _, out string? error));
            Assert.NotNull(error);
        }
        Assert.False(ChangefeedRecordFormat.TryRead([.. bytes, 0], out _, out _));
        Assert.False(ChangefeedRecordFormat.TryRead([2, .. bytes.AsSpan(1)], out _, out string? version));
        Assert.Equal("It has version 2; versions 1 to 1 are read.", version);
    }

    /// <summary>A stored record is read for ever.</summary>
    [Fact]
    public void A_record_keeps_its_bytes() => Assert.Equal(Kept, Convert.ToHexString(RandomRecords.Bytes(Sample)));
}
