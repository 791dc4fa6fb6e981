using Cdc.Engine.Sinks;
using Cdc.Sinks.Blackhole;

namespace Cdc.Sinks.Tests.Blackhole;

public sealed class BlackholeSinkTests : SinkConformance
{
    private protected override ISink Open() => new BlackholeSink();

    private protected override IReadOnlyList<string>? Lines() => null;

    [Fact]
    public async Task It_counts_what_it_takes()
    {
        await using BlackholeSink sink = new();
        await WriteAsync(sink, Feed.Batch(10, 3), Feed.Batch(20, 4));
        Assert.Equal(7, sink.Rows);
        Assert.True(sink.Bytes > 7 * "value-10-0".Length);
    }
}
