using System.Text;
using Cdc.Embedded.Tests.Running;
using Cdc.Engine.Codecs.Ndjson;
using Cdc.Engine.Sinks;
using Cdc.Sinks.Blackhole;
using Cdc.Sinks.Stdout;

namespace Cdc.Conformance.Tests.Faults;

/// <summary>Faults of standard output, whose rows may come twice.</summary>
public sealed class StdoutFaults : FaultConformance
{
    readonly Dictionary<string, (MemoryStream Bytes, Stream Pipe)> _outputs = [];

    private protected override bool Repeats => true;

    private protected override ISink Open(string place)
    {
        if (!_outputs.TryGetValue(place, out var output))
        {
            // A line whose writing was cancelled may still be under way when the next run begins.
            MemoryStream bytes = new();
            _outputs[place] = output = (bytes, Stream.Synchronized(bytes));
        }
        return new StdoutSink(static () => new NdjsonEncoder(), new HastyTime(), output.Pipe);
    }

    private protected override IReadOnlyList<string> Result(string place) => Lines.Sorted(
        Encoding.UTF8.GetString(_outputs[place].Bytes.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries),
        mustRise: false);
}

/// <summary>Faults of a sink that keeps nothing: runs end and go on as with any other.</summary>
public sealed class BlackholeFaults : FaultConformance
{
    private protected override ISink Open(string place) => new BlackholeSink();

    private protected override IReadOnlyList<string> Result(string place) => [];
}
