namespace Cdc.Protocol.Scheduling;

/// <summary>The numbers that one maintainer gives in its epoch; both modes draw from them.</summary>
internal sealed class Numbering(Epoch epoch)
{
    ulong _owner;
    ulong _id;

    public Epoch Epoch { get; } = epoch;

    public Owner NextOwner() => new(Epoch.Value, ++_owner);

    public DispatcherId NextId() => new(Epoch, ++_id);
}

/// <summary>What a maintainer has told to be durable: everything up to it is, of every span.</summary>
internal sealed class CommittedCheckpoint(CommitTs value)
{
    public CommitTs Value { get; private set; } = value;

    public bool Raise(CommitTs to)
    {
        if (to <= Value) return false;
        Value = to;
        return true;
    }
}
