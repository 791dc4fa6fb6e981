using System.Net.Sockets;

namespace Cdc.Postgres.Wire;

/// <summary>Blocking reads and writes on a socket; a wait has a limit, and any thread can end it.</summary>
/// <remarks>One thread reads, one writes, any thread cancels.</remarks>
internal sealed class PolledSocket(Socket socket) : IDisposable
{
    /// <summary>What <see cref="Receive"/> returns when <see cref="ReadTimeout"/> has passed.</summary>
    public const int TimedOut = -1;

    // Where a shutdown does not wake a waiting poll, the end of a slice does.
    static readonly TimeSpan PollSlice = TimeSpan.FromSeconds(1);

    readonly BacklogPause _pause = new();
    volatile bool _cancelled;

    public bool IsCancelled => _cancelled;

    /// <summary>How long one read waits for the first byte.</summary>
    public TimeSpan ReadTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>More is waiting at the server than we have read. At the tail, reads take what is there.</summary>
    public bool Backlog { get; set; }

    /// <summary>Calls to the socket that brought bytes; tells a test how reads were gathered.</summary>
    public long Reads { get; private set; }

    /// <returns>The number of bytes, 0 at the end of the stream, or <see cref="TimedOut"/>.</returns>
    /// <exception cref="OperationCanceledException"><see cref="Cancel"/> was called.</exception>
    public int Receive(Span<byte> buffer)
    {
        try
        {
            if (Backlog && _pause.IsDue) Thread.Sleep(_pause.Next());
            if (!WaitReadable()) return TimedOut;
            int received = socket.Receive(buffer);
            if (_cancelled) throw new OperationCanceledException();
            _pause.Received(received);
            Reads++;
            return received;
        }
        catch (Exception error) when (_cancelled && error is SocketException or ObjectDisposedException)
        {
            throw new OperationCanceledException();
        }
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty) bytes = bytes[socket.Send(bytes)..];
        }
        catch (Exception error) when (_cancelled && error is SocketException or ObjectDisposedException)
        {
            throw new OperationCanceledException();
        }
    }

    /// <summary>Ends the connection; a blocked read or write returns with an exception.</summary>
    public void Cancel()
    {
        _cancelled = true;
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Ended already, by the peer or by us.
        }
    }

    public void Dispose()
    {
        Cancel();
        socket.Dispose();
    }

    bool WaitReadable()
    {
        TimeSpan left = ReadTimeout;
        while (true)
        {
            TimeSpan slice = left == Timeout.InfiniteTimeSpan || left > PollSlice ? PollSlice : left;
            bool readable = socket.Poll(slice, SelectMode.SelectRead);
            if (_cancelled) throw new OperationCanceledException();
            if (readable) return true;
            if (left == Timeout.InfiniteTimeSpan) continue;
            left -= slice;
            if (left <= TimeSpan.Zero) return false;
        }
    }
}
