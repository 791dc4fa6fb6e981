using Cdc.Protocol;

namespace Cdc.Postgres.Streaming;

/// <summary>Turns a checkpoint into a position that the server may be told.</summary>
/// <remarks>
/// <para>A server skips every transaction whose commit record <em>begins</em> before the position it was told, while
/// ours name the end of that record. A checkpoint that is not the very end of a transaction, such as "just before the
/// first row not durable", can lie inside the commit record of a transaction that is not durable: told to the server,
/// it would lose it. So only positions are told that the stream itself resolved: ends of whole transactions, and what
/// keepalives named.</para>
/// <para>Any thread. One object serves all streams of a source, so that a confirmation outlives a connection.</para>
/// </remarks>
internal sealed class SafePositions
{
    // With this many waiting, every second one is forgotten, and fewer are kept from then on: the server hears a little
    // less, never more.
    const int Kept = 4096;

    readonly Lock _gate = new();
    readonly List<ulong> _resolved = [];
    ulong _last;
    ulong _confirmed;
    long _every = 1;
    long _skipped;

    /// <summary>What the server may forget; 0 before anything was confirmed.</summary>
    public ulong Confirmed
    {
        get
        {
            lock (_gate) return _confirmed;
        }
    }

    /// <summary>The server says that it may forget this already. Telling it so again changes nothing, but a server that
    /// shuts down waits until its readers have confirmed all that it sent: silence would keep it waiting for
    /// ever.</summary>
    public void Known(ulong confirmed)
    {
        lock (_gate) _confirmed = Math.Max(_confirmed, confirmed);
    }

    /// <summary>The stream handed on everything up to here; said in rising order, and again from an earlier one after a
    /// new connection.</summary>
    public void Resolved(ulong lsn)
    {
        lock (_gate)
        {
            if (lsn <= _confirmed || lsn <= _last) return;
            _last = lsn;
            if (++_skipped < _every) return;
            _skipped = 0;
            if (_resolved.Count == Kept) Thin();
            _resolved.Add(lsn);
        }
    }

    /// <summary>Everything at or before the checkpoint is durable, and the checkpoint is persisted.</summary>
    public void Confirm(CommitTs checkpoint)
    {
        lock (_gate)
        {
            int count = 0;
            while (count < _resolved.Count && CommitTs.End(_resolved[count]) <= checkpoint) count++;
            if (count > 0) _confirmed = Math.Max(_confirmed, _resolved[count - 1]);
            _resolved.RemoveRange(0, count);
            // The last one resolved is always known, however few are kept.
            if (CommitTs.End(_last) <= checkpoint) _confirmed = Math.Max(_confirmed, _last);
            if (_resolved.Count == 0) (_every, _skipped) = (1, 0);
        }
    }

    void Thin()
    {
        int kept = 0;
        for (int i = 1; i < _resolved.Count; i += 2) _resolved[kept++] = _resolved[i];
        _resolved.RemoveRange(kept, _resolved.Count - kept);
        _every *= 2;
    }
}
