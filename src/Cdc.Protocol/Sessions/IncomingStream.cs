using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>The stream of one service, as the collector sees it: which items have come, and whether a Resolved may be
/// believed.</summary>
internal sealed class IncomingStream(NodeId service, ulong number)
{
    readonly List<SessionPosition> _parts = [];
    int _partCount;

    public NodeId Service { get; } = service;
    public ulong Number { get; } = number;

    /// <summary>The number of the item that is to come.</summary>
    public long Next { get; private set; } = 1;

    /// <summary>Something was lost: no Resolved until one that names all sessions.</summary>
    public bool NeedsComplete { get; private set; }

    /// <summary>The last Resolved that was taken; null: none yet.</summary>
    public CommitTs? Resolved { get; set; }

    /// <summary>Sessions that join as soon as this stream has come to where the others are.</summary>
    public List<CollectorSession> CaughtUp { get; } = [];

    /// <summary>How many sessions are in step with it.</summary>
    public int InStep { get; set; }

    public TimeSpan? AskedForAll { get; set; }

    /// <summary>How many bytes of rows the service is known to have sent.</summary>
    public long SeenBytes { get; private set; }

    /// <summary>How many bytes it has been granted in all.</summary>
    public long GrantedBytes { get; set; }

    /// <summary>What did not come on this stream, as far as it may still be held: nobody knows of what came back on
    /// which stream it had come.</summary>
    public long HeldElsewhere { get; set; }

    public long ToldBytes { get; set; }

    public TimeSpan ToldAt { get; set; }

    /// <summary>Granted, and not known to be sent.</summary>
    public long OutstandingBytes => Math.Max(0, GrantedBytes - SeenBytes);

    public void OnBatch(StreamBatch batch) => SeenBytes = Math.Max(SeenBytes, batch.SentBytes);

    /// <summary>Whether an item is to be looked at: not one that has come, or that was given up.</summary>
    public bool Takes(long number)
    {
        if (number < Next) return false;
        if (number > Next)
        {
            NeedsComplete = true;
            ForgetParts();
        }

        Next = number + 1;
        return true;
    }

    public void AddPart(ImmutableArray<SessionPosition> positions)
    {
        _parts.AddRange(positions.AsSpan());
        _partCount++;
    }

    public void ForgetParts()
    {
        _parts.Clear();
        _partCount = 0;
    }

    /// <summary>Whether a Resolved holds: nothing was lost before it, or it says all.</summary>
    public bool Believes(StreamItem.Resolved resolved)
    {
        if (NeedsComplete && !(resolved.IsComplete && resolved.Parts == _partCount)) return false;
        NeedsComplete = false;
        return true;
    }

    /// <summary>What came in parts before a complete Resolved.</summary>
    public IReadOnlyList<SessionPosition> Parts => _parts;
}
