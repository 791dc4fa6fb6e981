using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>Encoded rows on their way to a file: all of one batch, or of one side of its cut.</summary>
/// <param name="Acknowledgement">Of the batch that ends here; null if its other side follows.</param>
internal sealed record EncodedChunk(
    PooledBuffer Bytes, int Lines, CommitTs First, CommitTs Last, Acknowledgement? Acknowledgement);
