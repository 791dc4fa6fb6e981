using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Dispatching;

/// <summary>What holds a dispatcher, and when it is tried again.</summary>
sealed class Recovery
{
    int _failures;
    Operation _failed;
    TimeSpan _at;

    /// <summary>Null: nothing does.</summary>
    public FaultKind? Held { get; private set; }

    /// <summary>What is to be tried again; none.</summary>
    public Operation Retry { get; private set; }

    public TimeSpan? Due => Retry == Operation.None ? null : _at;

    /// <summary>Whether what is known of it has changed.</summary>
    public bool Fail(Operation operation, FaultKind kind, TimeSpan now)
    {
        bool isChanged = Held != kind;
        // A claim that fails meanwhile does not make good what failed before it.
        if (Held is null || operation != Operation.Claim) _failed = operation;
        Held = kind;
        _at = now + DispatcherTimes.PauseAfter(++_failures);
        return isChanged;
    }

    public void Arm(Operation retry) => Retry = retry;

    public void Disarm() => Retry = Operation.None;

    /// <summary>Takes what is to be tried now.</summary>
    public Operation Take(TimeSpan now)
    {
        if (Retry == Operation.None || _at > now) return Operation.None;
        Operation retry = Retry;
        Retry = Operation.None;
        return retry;
    }

    /// <summary>What failed has succeeded. Whether what is known of it has changed.</summary>
    public bool Succeed()
    {
        bool isChanged = Held is not null;
        (_failures, Held) = (0, null);
        return isChanged;
    }

    /// <summary>A claim says nothing about rows: only that claiming works again.</summary>
    public bool Claimed() => _failed == Operation.Claim && Succeed();
}
