namespace Cdc.Engine.Failures;

/// <summary>An expected failure, classified where it happened: one sentence, and the way out.</summary>
/// <remarks>Neither text ever carries a row's value or a secret.</remarks>
public sealed class CdcException(FailureKind kind, string message, string? fix = null, Exception? inner = null)
    : Exception(message, inner)
{
    public FailureKind Kind { get; } = kind;

    /// <summary>What the operator can do: a statement to run, a flag, a command. Null where the sentence says it
    /// all.</summary>
    public string? Fix { get; } = fix;
}
