namespace Cdc.Protocol;

/// <summary>One life of one process: its address and its incarnation, printed. A node that comes back has another
/// one.</summary>
public readonly record struct NodeId(string Value) : IComparable<NodeId>
{
    public int CompareTo(NodeId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value;
}
