using Cdc.Cli.Commands;
using Cdc.Engine.Options;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Engine.State;

namespace Cdc.Cli.Parts;

/// <summary>Knows which part serves which kind of address, and nothing else does.</summary>
sealed class Connectors(Invocation call)
{
    readonly Invocation _call = call;

    /// <summary>Asks which database an address means.</summary>
    public ValueTask<SourceIdentity> IdentifyAsync(Address from, CancellationToken cancellationToken) =>
        throw new NotSupportedException(from.Scheme + _call.Verb);

    public ISource Source(Address from, string name, bool isTemporary) => throw new NotSupportedException(from.Scheme);

    public ISink Sink(Address to) => throw new NotSupportedException(to.Scheme);

    /// <summary>Opens the state of one changefeed and takes its lock; without a directory it ends with the process.</summary>
    public ValueTask<IStateStore> StateAsync(string? directory, string name, CancellationToken cancellationToken) =>
        throw new NotSupportedException(directory);
}
