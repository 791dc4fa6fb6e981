using System.Net.Sockets;

namespace Cdc.Postgres.Wire;

/// <summary>Blocking reads and writes on a socket; a wait has a limit, and any thread can end it.</summary>
/// <remarks>One thread reads, one writes, any thread cancels.</remarks>
internal sealed class PolledSocket(Socket socket) : IDisposable
{
    /// <summary>What <see cref="Receive"/> returns when <see cref="ReadTimeout"/> has passed.</summary>
    public const int TimedOut = -1;

    /// <summary>In a backlog a read of less than this is followed by a pause for the socket to fill.</summary>
    public const int FullRead = 256 << 10;

    // The server sends one small packet per row. A reader that wakes for each slows it down and itself too.
    const int FillMilliseconds = 1;

    // As long as the kernel does the gathering, waiting costs nothing but the delay at the end of a backlog.
    static readonly TimeSpan GatherLimit = TimeSpan.FromMilliseconds(10);

    // Where a shutdown does not wake a waiting poll, the end of a slice does.
    static readonly TimeSpan PollSlice = TimeSpan.FromSeconds(1);

    readonly ReceiveLowWater _lowWater = new(socket);
    volatile bool _cancelled;
    int _lastRead = FullRead;

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
            if (!(Backlog && Gather()) && !WaitReadable()) return TimedOut;
            int received = socket.Receive(buffer);
            if (_cancelled) throw new OperationCanceledException();
            _lastRead = received;
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

    // Answers whether there is something to read already.
    bool Gather()
    {
        if (_lowWater.IsSupported) return _lowWater.Wait(GatherLimit);
        if (_lastRead < FullRead) Thread.Sleep(FillMilliseconds);
        return false;
    }

    bool WaitReadable()
    {
        _lowWater.Clear();
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
