using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Changefeeds;

/// <summary>What is done about a failure.</summary>
enum Remedy : byte
{
    /// <summary>Close everything, pause, run again.</summary>
    Retry,

    /// <summary>Close everything, and wait for an operator.</summary>
    AskOperator,
}

/// <summary>The one table from kinds of failures to remedies.</summary>
static class Remedies
{
    public static Remedy Of(FaultKind kind) => kind switch
    {
        FaultKind.Transient => Remedy.Retry,
        FaultKind.Permanent => Remedy.AskOperator,
    };

    /// <summary>The failure that decides: one that no retry can mend before all others.</summary>
    public static NodeFailure Worst(ImmutableArray<NodeFailure> failures)
    {
        foreach (NodeFailure failure in failures)
        {
            if (Of(failure.Kind) == Remedy.AskOperator) return failure;
        }
        return failures[0];
    }
}
