using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Barriers;

/// <summary>Stands before a maintainer's queue of inputs: a report that is queued or being handled is not queued a
/// second time. The third place where repeats are left out.</summary>
/// <remarks>
/// <para>WAITING and DONE are levels: one that is left out says nothing that the identical one before it does not. What
/// a report must be identical in is all of it but the payload, and who sends it under which epoch. SCHEDULED carries
/// effects and always goes through.</para>
/// <para>Used by the host, on one thread at a time; everything else passes as it is.</para>
/// </remarks>
public sealed class BlockStatusInbox
{
    readonly HashSet<Key> _keys = [];

    /// <summary>How many reports are queued or being handled.</summary>
    public int Count => _keys.Count;

    /// <summary>What to queue instead of an input: itself, if nothing is left out; null, if nothing is left.</summary>
    /// <remarks>What is queued is handed to <see cref="Release"/> when it has been handled, or thrown away.</remarks>
    public Input? Offer(Input input)
    {
        if (input is not Received { Message: BlockStatusRequest request } received) return input;
        ImmutableArray<BlockStatus>.Builder? kept = null;
        for (int i = 0; i < request.Statuses.Length; i++)
        {
            BlockStatus status = request.Statuses[i];
            bool goes = IsLossless(status) || _keys.Add(Key.Of(received.From.Node, request, status));
            if (!goes && kept is null)
            {
                kept = ImmutableArray.CreateBuilder<BlockStatus>(request.Statuses.Length);
                kept.AddRange(request.Statuses, i);
            }
            else if (goes)
            {
                kept?.Add(status);
            }
        }

        return kept switch
        {
            null => received,
            { Count: 0 } => null,
            _ => received with { Message = request with { Statuses = kept.ToImmutable() } },
        };
    }

    /// <summary>An input that was queued has been handled: identical reports are taken again.</summary>
    public void Release(Input input)
    {
        if (input is not Received { Message: BlockStatusRequest request } received) return;
        foreach (BlockStatus status in request.Statuses)
            if (!IsLossless(status)) _keys.Remove(Key.Of(received.From.Node, request, status));
    }

    static bool IsLossless(BlockStatus status) => status.Stage == BlockStage.Scheduled;

    readonly record struct Key(
        NodeId From,
        Epoch Epoch,
        Mode Mode,
        DispatcherId Dispatcher,
        Owner Owner,
        BlockEventId Event,
        BlockStage Stage,
        BlockAction? Action)
    {
        public static Key Of(NodeId from, BlockStatusRequest request, BlockStatus status) => new(
            from, request.Epoch, request.Mode, status.Dispatcher, status.Owner, status.Event, status.Stage,
            status.Action);
    }
}
