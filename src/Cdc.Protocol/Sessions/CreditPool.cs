using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>How many bytes of rows may be under way to one manager, from all services together.</summary>
/// <remarks>
/// <para>A grant is a running total of its stream: what the service is known to have sent, and what there is room for.
/// It never falls, since room only goes as bytes come. Bytes that were lost on the way, or were of no use, are known
/// from the service's own total, and were never held: they make room by themselves.</para>
/// <para>A service may go beyond its grant by one piece for the session that it has sent least to. So what is held may
/// be more than the pool, and then room is negative.</para>
/// </remarks>
internal sealed class CreditPool(long size)
{
    public long HeldBytes { get; private set; }

    /// <summary>Rows of a stream were delivered to a dispatcher.</summary>
    public void Hold(long bytes, IncomingStream of, List<IncomingStream> streams)
    {
        HeldBytes += bytes;
        foreach (IncomingStream other in streams)
            if (other != of) other.HeldElsewhere += bytes;
    }

    public void Release(long bytes)
    {
        if (bytes < 0 || bytes > HeldBytes)
            throw new InvalidOperationException("More bytes come back than were delivered.");
        HeldBytes -= bytes;
    }

    /// <summary>Grants what there is room for, in equal shares, and tells the services where it matters.</summary>
    public void Grant(List<IncomingStream> streams, TimeSpan now, Effects effects)
    {
        long outstanding = 0;
        foreach (IncomingStream stream in streams) outstanding += stream.OutstandingBytes;
        foreach (IncomingStream stream in streams)
        {
            long before = stream.OutstandingBytes;
            stream.HeldElsewhere = Math.Min(stream.HeldElsewhere, HeldBytes);
            long room = Math.Min(size / streams.Count, size - HeldBytes - outstanding + before);
            // What others left beyond the pool, before or since, is not this one's: else nobody would get on behind it.
            room = Math.Max(room, stream.HeldElsewhere - HeldBytes);
            if (stream.SeenBytes + room > stream.GrantedBytes)
            {
                stream.GrantedBytes = stream.SeenBytes + room;
                outstanding += stream.OutstandingBytes - before;
                if (stream.OutstandingBytes > 0 && HeldBytes + outstanding > size)
                    throw new InvalidOperationException("More was granted than there is room for.");
            }

            if (IsToBeTold(stream, now)) Tell(stream, now, effects);
        }
    }

    /// <summary>At once where the service may have come to the end of what it was told, or much has come back; else
    /// from time to time, since a grant may have been lost.</summary>
    bool IsToBeTold(IncomingStream stream, TimeSpan now)
    {
        long fresh = stream.GrantedBytes - stream.ToldBytes;
        if (fresh >= size / 8) return true;
        if (fresh > 0 && stream.ToldBytes - stream.SeenBytes < SessionLimits.PieceBytes) return true;
        return now - stream.ToldAt >= SessionLimits.CreditRepeat;
    }

    static void Tell(IncomingStream stream, TimeSpan now, Effects effects)
    {
        (stream.ToldBytes, stream.ToldAt) = (stream.GrantedBytes, now);
        effects.Send(Party.EventService(stream.Service), new Credit(stream.Number, stream.GrantedBytes));
    }
}
