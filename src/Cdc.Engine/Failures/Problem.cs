namespace Cdc.Engine.Failures;

/// <summary>Something found while looking before starting. A warning does not keep a changefeed from
/// starting.</summary>
public sealed record Problem(FailureKind Kind, string Sentence, string? Fix = null, bool IsWarning = false)
{
    public CdcException ToException() => new(Kind, Sentence, Fix);
}
