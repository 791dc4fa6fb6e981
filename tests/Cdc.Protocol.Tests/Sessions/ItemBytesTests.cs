using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using Cdc.Protocol.Tests.Messages;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>What an item is taken to need on the wire is never less than what it needs: else a batch gets too large,
/// and the transport loses it in silence.</summary>
public sealed class ItemBytesTests
{
    const int Many = 1000;
    const string Name = "\u540D\u524D\u7A7A\u9593";

    static readonly SessionKey Key = new(Mode.Redo, new(new(ulong.MaxValue), ulong.MaxValue), ulong.MaxValue);
    static readonly SessionEpoch Epoch = new(uint.MaxValue);
    static readonly CommitTs At = new(ulong.MaxValue - 1, 7);

    [Fact]
    public void Of_a_handshake_and_of_rows()
    {
        AssertFits(new StreamItem.Handshake(Key, Epoch, At), ItemBytes.Head);
        byte[] rows = new byte[5000];
        AssertFits(new StreamItem.Rows(Key, Epoch, long.MaxValue, At, true, rows), ItemBytes.OfRows(rows));
    }

    [Fact]
    public void Of_a_resolved_and_its_parts()
    {
        SessionPosition[] all = [.. Enumerable.Repeat(new SessionPosition(Key, Epoch, long.MaxValue, true), Many)];
        AssertFits(new StreamItem.Resolved(At, [], true, int.MaxValue), ItemBytes.OfNamed(0));
        AssertFits(new StreamItem.Resolved(At, [.. all], true, int.MaxValue), ItemBytes.OfNamed(Many));
        AssertFits(new StreamItem.Positions([.. all]), ItemBytes.OfNamed(Many));
    }

    [Theory]
    [InlineData("tables")]
    [InlineData("schema")]
    [InlineData("dropped")]
    [InlineData("added")]
    [InlineData("moved")]
    [InlineData("unsplit")]
    public void Of_a_block_event(string what)
    {
        TableId[] tables = [.. Enumerable.Range(0, Many).Select(static n => new TableId(long.MaxValue - n))];
        string longName = string.Concat(Enumerable.Repeat(Name, 80));
        BlockPayload none = BlockPayload.Of(new Influence.All());
        AssertFits(what switch
        {
            "tables" => BlockPayload.Of(new Influence.Normal([.. tables])),
            "schema" => BlockPayload.Of(new Influence.Database(longName)),
            "dropped" => none with { Dropped = new Influence.Normal([.. tables]) },
            "added" => none with { Added = [.. tables.Select(static t => new AddedTable(t, Name, true))] },
            "moved" => none with { Moved = [.. tables.Select(static t => new MovedTable(t, Name, Name + Name))] },
            _ => none with { Unsplit = [.. tables] },
        });
    }

    static void AssertFits(BlockPayload payload) => AssertFits(
        new StreamItem.Block(Key, Epoch, long.MaxValue, new(At, true), payload), ItemBytes.OfBlock(payload));

    static void AssertFits(StreamItem item, int bytes)
    {
        int empty = WireBytes.Of(new StreamBatch(1, 1, 1, [])).Length;
        Assert.InRange(WireBytes.Of(new StreamBatch(1, 1, 1, [item])).Length - empty, 1, bytes);
    }
}
