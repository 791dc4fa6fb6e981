using System.Net.Sockets;

namespace Cdc.Postgres.Wire;

/// <summary>Lets the kernel wait until much has come, so that nobody wakes for each of the server's small
/// packets.</summary>
/// <remarks>
/// A wait for data then ends when <see cref="Bytes"/> are there, and the receive buffer is made large enough for them
/// at once instead of by and by. Windows has no such setting, and a Unix-domain socket does not heed it.
/// </remarks>
internal sealed class ReceiveLowWater(Socket socket)
{
    public const int Bytes = PolledSocket.FullRead;

    // The kernel makes room for twice as much, and keeps it when the mark falls: the server goes on sending while we
    // wait for a processor.
    const int RoomBytes = 4 << 20;

    bool _isSet;
    bool _hasRoom;

    public bool IsSupported { get; private set; } =
        socket.AddressFamily != AddressFamily.Unix && !OperatingSystem.IsWindows();

    /// <summary>Waits until <see cref="Bytes"/> can be read or the limit has passed.</summary>
    /// <returns>Whether anything can be read.</returns>
    public bool Wait(TimeSpan limit)
    {
        Set(true);
        return socket.Poll(limit, SelectMode.SelectRead) || socket.Available > 0;
    }

    /// <summary>Makes a single byte end a wait again.</summary>
    public void Clear() => Set(false);

    void Set(bool high)
    {
        if (high == _isSet || !IsSupported) return;
        try
        {
            if (!_hasRoom) SetMark(RoomBytes);
            _hasRoom = true;
            SetMark(high ? Bytes : 1);
            _isSet = high;
        }
        catch (SocketException)
        {
            IsSupported = false;
        }
    }

    void SetMark(int bytes) =>
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReceiveLowWater, bytes);
}
