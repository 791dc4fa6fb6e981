using Cdc.Engine.Failures;

namespace Cdc.Conformance.Tests.Faults;

/// <summary>What a sink is called for.</summary>
public enum SinkCall
{
    Claim,
    Copy,
    CopyWrite,
    CopyComplete,
    FinishCopies,
    Write,
    Resolve,
    Flush,
    Execute,
}

/// <summary>What goes wrong with a call.</summary>
public enum SinkFault
{
    /// <summary>It fails, and nothing of it was done.</summary>
    Reject,

    /// <summary>It was done, and is durable where the call can make it so; it is reported as failed.</summary>
    Applied,

    /// <summary>What is durable is not acknowledged before the next flush.</summary>
    Hold,

    /// <summary>This call and all later ones take their time.</summary>
    Slow,
}

/// <summary>One fault.</summary>
/// <param name="Nth">Which call since the last fault; 1: the next.</param>
public sealed record FaultStep(
    SinkCall Call, int Nth, SinkFault Fault, FailureKind Kind = FailureKind.SinkUnreachable);

/// <summary>Faults one after the other, over as many sinks as it takes.</summary>
sealed class FaultScript(params IEnumerable<FaultStep> steps)
{
    readonly Lock _gate = new();
    readonly Queue<FaultStep> _left = new(steps);
    int _seen;

    /// <summary>Faults that have not happened.</summary>
    public int Left
    {
        get
        {
            lock (_gate) return _left.Count;
        }
    }

    /// <summary>The fault of this call, if it has one.</summary>
    public FaultStep? Take(SinkCall call)
    {
        lock (_gate)
        {
            if (!_left.TryPeek(out FaultStep? next) || next.Call != call || ++_seen < next.Nth) return null;
            _seen = 0;
            return _left.Dequeue();
        }
    }
}
