using System.Buffers;
using Cdc.Protocol;
using Cdc.Protocol.Messages;
using Cdc.Simulator.Wire;

namespace Cdc.Simulator.Tests;

/// <summary>The pretended next version of the wire form is a later one, so that runs with it prove something.</summary>
public sealed class NextVersionTests
{
    static readonly EpochGrant Grant = new(
        new(7), Guid.Empty, MaintainerPurpose.Run, CommitTs.Zero, null, [], false);

    [Fact]
    public void What_the_next_version_writes_for_an_older_node_is_what_ships()
    {
        byte[] older = Write(Grant, WireFormat.Version);
        ArrayBufferWriter<byte> output = new();
        WireFormat.Write(Grant, output);
        Assert.Equal(output.WrittenSpan.ToArray(), older);
        Assert.True(Dialect.TryRead(NextVersion.Number, older, out Message? read, out _));
        Assert.Equal(Write(Grant, WireFormat.Version), Write(read, WireFormat.Version));
    }

    [Fact]
    public void A_host_that_does_not_heed_what_its_peer_speaks_is_noticed()
    {
        byte[] newer = Write(Grant, NextVersion.Number);
        Assert.True(newer.Length > Write(Grant, WireFormat.Version).Length);
        Assert.False(Dialect.TryRead(WireFormat.Version, newer, out _, out _));
        Assert.Throws<InvalidOperationException>(static () => Write(new NodeLoad(new("n"), 1), WireFormat.Version));
        Assert.Equal(NextVersion.Number, Dialect.Since(NextVersion.Number, new NodeLoad(new("n"), 1)));
    }

    [Fact]
    public void A_field_in_another_ones_place_is_noticed()
    {
        byte[] bytes = Write(Grant, NextVersion.Number);
        bytes[^1]++;
        Assert.False(Dialect.TryRead(NextVersion.Number, bytes, out _, out string? error));
        Assert.Equal("EpochGrant has a field that is another one's.", error);
    }

    static byte[] Write(Message message, byte version)
    {
        ArrayBufferWriter<byte> output = new();
        Dialect.Write(NextVersion.Number, message, output, version);
        return output.WrittenSpan.ToArray();
    }
}
