using Cdc.Engine;
using Cdc.Engine.Options;
using Cdc.Engine.Sources;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Decoding;

/// <summary>What a decoder is told at its beginning.</summary>
/// <param name="Start">What was handed on before, and is not again.</param>
/// <param name="SpillDirectory">Where an open transaction goes that is too large for memory. Made when it is
/// needed.</param>
internal sealed record DecoderOptions(
    StreamStart Start, ITableCatalog Catalog, TableSelection Selection, string SpillDirectory, ILogger Logger)
{
    /// <summary>How schema changes are learned of: Trigger, Relation or Off.</summary>
    public DdlCaptureMode Capture { get; init; } = DdlCaptureMode.Relation;

    /// <summary>The prefix of the messages of our event triggers; others' are left alone.</summary>
    public string DdlPrefix { get; init; } = "";

    /// <summary>Bytes of an open transaction that stay in memory.</summary>
    public long OpenTransactionBytes { get; init; } = Limits.OpenTransactionBytes;

    /// <summary>Bytes of log after which a run of transactions without a row of ours is reported as resolved.</summary>
    public ulong ResolveAfterBytes { get; init; } = 16 << 20;
}
