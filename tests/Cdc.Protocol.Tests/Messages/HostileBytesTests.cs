using System.Buffers;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Tests.Messages;

/// <summary>Bytes that no writer of ours makes.</summary>
public sealed class HostileBytesTests
{
    const byte Version = WireFormat.Version;

    [Theory]
    [InlineData(0)]
    [InlineData(WireFormat.Version + 1)]
    [InlineData(255)]
    public void Another_version_is_refused_by_name(byte version) =>
        Assert.Equal($"It has version {version}; versions 1 to 1 are read.", WireBytes.Refusal([version, 10, 1]));

    [Fact]
    public void Nothing_at_all_is_refused() => Assert.Equal("It is empty.", WireBytes.Refusal([]));

    [Fact]
    public void A_tag_that_no_message_has_is_refused()
    {
        HashSet<byte> known = [.. new RandomMessages(1).OneOfEach().Select(static message => WireBytes.Of(message)[1])];
        Assert.Equal(36, known.Count);
        for (int tag = 0; tag < 256; tag++)
        {
            if (!known.Contains((byte)tag)) Assert.Equal($"There is no Message {tag}.", WireBytes.Refusal([Version, (byte)tag]));
        }
    }

    // 2 EpochGrant: epoch, instance, purpose, ...
    [Fact]
    public void A_value_that_an_enumeration_has_not_is_refused() =>
        Assert.Equal("There is no MaintainerPurpose 3.", WireBytes.Refusal([Version, 2, 1, .. new byte[16], 3, 0, 0, 0, 0, 0]));

    // 96 BlockStatusRequest: epoch, mode, one status: dispatcher, owner, event, stage, no action, a payload with influence 3
    [Fact]
    public void A_case_that_a_record_has_not_is_refused() =>
        Assert.Equal("There is no Influence 3.", WireBytes.Refusal([Version, 96, 1, 0, 1, 1, 1, 1, 1, 9, 0, 0, 1, 0, 1, 3, 0, 0, 0, 0]));

    [Theory]
    [InlineData(2)]
    [InlineData(255)]
    public void A_yes_or_no_that_is_neither_is_refused(byte value) =>
        Assert.Equal("A yes or no is neither.", WireBytes.Refusal([Version, 37, 1, value]));

    // 6 CheckpointPersisted: epoch, commit, step
    [Fact]
    public void A_step_beyond_the_largest_is_refused()
    {
        WireBytes.Read([Version, 6, 1, 9, 0xFF, 0xFF, 0x03]);
        Assert.Equal("A step is too large.", WireBytes.Refusal([Version, 6, 1, 9, 0x80, 0x80, 0x04]));
    }

    // 128 Register: mode, dispatcher, registration, span: table, from, 2^32 - to; start, only reuse
    [Theory]
    [InlineData("00 00", null)]
    [InlineData("FFFFFFFF0F 00", null)]
    [InlineData("8080808010 00", "A span begins beyond the last hash.")]
    [InlineData("00 8180808010", "A span ends before the first hash.")]
    [InlineData("00 8080808010", "A span holds nothing.")]
    [InlineData("05 FBFFFFFF0F", "A span holds nothing.")]
    [InlineData("06 FBFFFFFF0F", "A span holds nothing.")]
    public void A_span_that_holds_nothing_or_leaves_the_hash_is_refused(string interval, string? error)
    {
        byte[] bytes = [Version, 128, 0, 1, 1, 1, 2, .. Convert.FromHexString(interval.Replace(" ", "")), 0, 0, 0];
        if (error is null) WireBytes.Read(bytes);
        else Assert.Equal(error, WireBytes.Refusal(bytes));
    }

    // 10 MaintainerStopped: epoch
    [Theory]
    [InlineData("80")]
    [InlineData("8000")]
    [InlineData("FFFFFFFFFFFFFFFFFF02")]
    [InlineData("8080808080808080808001")]
    public void A_number_that_is_cut_off_longer_than_needed_or_too_large_is_refused(string number) =>
        Assert.Equal("A number is cut off, too long or too large.", WireBytes.Refusal([Version, 10, .. Convert.FromHexString(number)]));

    [Fact]
    public void The_largest_number_is_read() =>
        Assert.Equal(new MaintainerStopped(new(ulong.MaxValue)), WireBytes.Read([Version, 10, .. Convert.FromHexString("FFFFFFFFFFFFFFFFFF01")]));

    // 135 SessionsUnknown: a count
    [Theory]
    [InlineData("05 0001010001010001010001")]
    [InlineData("FFFFFFFF0F")]
    [InlineData("80897A")]
    [InlineData("D00F 000101000101000101000101")]
    [InlineData("FFFFFFFFFFFFFFFFFF01")]
    public void A_count_beyond_what_the_bytes_can_hold_takes_no_memory(string body)
    {
        byte[] bytes = [Version, 135, .. Convert.FromHexString(body.Replace(" ", ""))];
        WireBytes.Refusal(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        WireFormat.TryRead(bytes, out _, out _);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1024);
    }

    // 137 StreamBatch: stream, first, sent bytes, one item: 4 Resolved: position, nobody named, complete, parts
    [Theory]
    [InlineData("FFFFFFFF07", null)]
    [InlineData("8080808008", "A count is too large.")]
    [InlineData("8180808010", "A count is too large.")]
    public void A_count_beyond_its_type_is_refused_and_not_cut(string parts, string? error)
    {
        byte[] bytes = [Version, 137, 1, 2, 0, 1, 4, 9, 0, 0, 1, .. Convert.FromHexString(parts)];
        if (error is null) Assert.Equal(bytes, WireBytes.Of(WireBytes.Read(bytes)));
        else Assert.Equal(error, WireBytes.Refusal(bytes));
    }

    // 132 ResetRefused: mode, dispatcher, registration, session epoch, a sentence
    [Theory]
    [InlineData("01 FF", "A text is not UTF-8.")]
    [InlineData("02 C3", "It ends early.")]
    [InlineData("8120", "A text is too long.")]
    [InlineData("FFFFFFFFFFFFFFFFFF01", "A text is too long.")]
    public void A_text_that_is_none_is_refused(string text, string error) =>
        Assert.Equal(error, WireBytes.Refusal([Version, 132, 0, 1, 1, 1, 1, .. Convert.FromHexString(text.Replace(" ", ""))]));

    // 137 StreamBatch: stream, first, sent bytes, one item: 4 Resolved, position, nobody, complete, 2^31 parts
    [Fact]
    public void A_number_of_parts_beyond_its_type_is_refused() =>
        Assert.Equal(
            "A count is too large.",
            WireBytes.Refusal([Version, 137, 1, 1, 0, 1, 4, 1, 0, 0, 1, 0x80, 0x80, 0x80, 0x80, 0x10]));

    [Fact]
    public void A_session_epoch_beyond_its_type_is_refused() =>
        Assert.Equal("A session epoch is too large.", WireBytes.Refusal([Version, 131, 0, 1, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 0]));

    [Fact]
    public void A_long_sentence_loses_its_end_and_no_half_of_a_character()
    {
        foreach (int length in (int[])[1364, 1365, 1366, 2047, 2048, 4095, 4096, 4097, 9000])
        {
            foreach (string character in (string[])["a", "é", "日", "😀"])
            {
                string sentence = string.Concat(Enumerable.Repeat(character, length));
                ResetRefused read = Assert.IsType<ResetRefused>(WireBytes.Read(WireBytes.Of(new ResetRefused(default, default, sentence, default))));
                Assert.StartsWith(read.Reason, sentence, StringComparison.Ordinal);
                Assert.True(read.Reason.Length >= Math.Min(sentence.Length, 1360), $"{character} {length}");
                if (System.Text.Encoding.UTF8.GetByteCount(sentence) <= 4096) Assert.Equal(sentence, read.Reason);
            }
        }
    }

    [Fact]
    public void What_no_reader_would_take_is_not_written()
    {
        ArrayBufferWriter<byte> output = new();
        Assert.Throws<InvalidOperationException>(() =>
            WireFormat.Write(new ParkRequest(default, default, 1, new CommitTs(1, CommitTs.MaxStep + 1)), output));
        Assert.Throws<InvalidOperationException>(() =>
            WireFormat.Write(new Register(default, default, default, false), output));
        Assert.Throws<InvalidOperationException>(() =>
            WireFormat.Write(new MergeRequest(default, default, new(default, default, TableSpan.Everything, new('x', 1025), [])), output));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            WireFormat.Write(new EpochRequest(default), output, WireFormat.Version + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            WireFormat.Write(new EpochRequest(default), output, WireFormat.OldestVersion - 1));
    }
}
