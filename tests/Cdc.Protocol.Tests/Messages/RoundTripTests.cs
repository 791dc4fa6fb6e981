using Cdc.Protocol.Messages;
using Cdc.Protocol.Messages.Wire;

namespace Cdc.Protocol.Tests.Messages;

public sealed class RoundTripTests
{
    const int Seeds = 300;

    [Fact]
    public void Every_message_type_has_a_tag_and_a_sample()
    {
        Type[] types = [.. typeof(Message).Assembly.GetTypes().Where(static t => t.IsSubclassOf(typeof(Message)) && !t.IsAbstract)];
        Assert.Equal(types.Select(static t => t.Name).Order(), MessageShapes.All.Types.Select(static t => t.Name).Order());
        Assert.Equal(types.Select(static t => t.Name).Order(), new RandomMessages(1).OneOfEach().Select(static m => m.GetType().Name).Order());
    }

    [Fact]
    public void What_was_written_is_read_back_field_by_field()
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            foreach (Message message in new RandomMessages(seed).OneOfEach())
            {
                byte[] bytes = WireBytes.Of(message);
                Message read = WireBytes.Read(bytes);
                Assert.IsType(message.GetType(), read);
                Assert.Equal(bytes, WireBytes.Of(read));
                if (seed < 50) Assert.Equal(Dump.Of(message), Dump.Of(read));
            }
        }
    }

    [Fact]
    public void A_message_without_its_end_is_refused()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            foreach (Message message in new RandomMessages(seed).OneOfEach())
            {
                byte[] bytes = WireBytes.Of(message);
                for (int length = 0; length < bytes.Length; length++) WireBytes.Refusal(bytes.AsSpan(0, length));
            }
        }
    }

    [Fact]
    public void A_message_with_something_behind_its_end_is_refused()
    {
        foreach (Message message in new RandomMessages(3).OneOfEach())
        {
            Assert.Equal("Something follows its end.", WireBytes.Refusal([.. WireBytes.Of(message), 0]));
        }
    }

    [Fact]
    public void Whatever_is_read_of_changed_bytes_is_written_back_the_same()
    {
        Random random = new(20_261_121);
        int read = 0, refused = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            foreach (Message message in new RandomMessages(seed).OneOfEach())
            {
                byte[] bytes = WireBytes.Of(message);
                for (int changes = random.Next(1, 4); changes > 0; changes--) bytes[random.Next(1, bytes.Length)] = (byte)random.Next(256);
                if (!WireFormat.TryRead(bytes, out Message? changed, out _))
                {
                    refused++;
                    continue;
                }
                read++;
                Assert.Equal(bytes, WireBytes.Of(changed));
            }
        }
        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused");
    }

    [Fact]
    public void A_long_message_crosses_the_writers_buffers_unharmed()
    {
        MergeRequest message = new(new(7), Mode.Redo, new(
            new(new(7), 1), new(7, 2), TableSpan.Whole(new(4)), "s",
            [.. Enumerable.Range(0, 20_000).Select(static i => new DispatcherId(new(7), (ulong)i * 12_345))]));
        Assert.Equal(Dump.Of(message), Dump.Of(WireBytes.Read(WireBytes.Of(message))));
    }
}
