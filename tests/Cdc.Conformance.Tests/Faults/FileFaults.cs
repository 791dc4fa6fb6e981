using Cdc.EndToEnd.Tests.Rig;
using Cdc.Embedded.Tests.Running;
using Cdc.Engine.Codecs.Ndjson;
using Cdc.Engine.Sinks;
using Cdc.Sinks.Files;
using Cdc.Testing;

namespace Cdc.Conformance.Tests.Faults;

/// <summary>Faults of a directory of files.</summary>
public sealed class FileFaults : FaultConformance, IDisposable
{
    readonly TemporaryDirectory _root = new("cdc-faults-");

    public void Dispose() => _root.Dispose();

    private protected override ISink Open(string place) => new FileSink(new()
    {
        Directory = _root.File(place),
        Encoder = static () => new NdjsonEncoder(),
        RotateInterval = TimeSpan.FromSeconds(5),
        Clock = new HastyTime(),
    });

    private protected override IReadOnlyList<string> Result(string place) =>
        Lines.Sorted(NamedFiles.Lines(_root.File(place)), mustRise: true);
}
