namespace Cdc.Protocol.Tests.Managing;

/// <summary>One incarnation, as the world around a <see cref="ChaosNode"/> sees it.</summary>
sealed class ChaosLife(int table, DispatcherId id, Owner owner)
{
    public int Table => table;
    public DispatcherId Id => id;
    public Owner Owner => owner;
    public ulong Session;
    public ulong Cursor;
    public CommitTs Checkpoint;
    public readonly List<(long Batch, ulong Commit, bool IsLast, bool IsEnqueued)> Given = [];
    public readonly HashSet<ulong> Whole = [];
    public readonly HashSet<ulong> Failed = [];
    public readonly SortedSet<ulong> Scheduled = [];
    public ulong? Waiting;
    public bool IsStopping;
}
