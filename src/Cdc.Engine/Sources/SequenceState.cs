using Cdc.Engine.Schemas;

namespace Cdc.Engine.Sources;

/// <summary>Where a sequence stands.</summary>
/// <param name="Name">Its schema and name, in the source.</param>
/// <param name="IsCalled">Whether <paramref name="LastValue"/> was given out; else it is the next to be.</param>
public sealed record SequenceState(TableName Name, long LastValue, bool IsCalled);
