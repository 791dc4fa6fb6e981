using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>What was claimed, and for whom.</summary>
internal sealed record SinkClaimed(string Changefeed, TableSpan Span, Owner Owner);
