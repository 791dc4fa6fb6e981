using System.Net;
using System.Net.Sockets;

namespace Cdc.Conformance.Tests.Target;

/// <summary>A line to a server whose near end a test cuts, while the far end stays open: the server notices
/// nothing.</summary>
sealed class HalfOpenLine : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly Lock _gate = new();
    readonly List<Socket> _near = [];
    readonly List<Socket> _far = [];
    readonly int _serverPort;
    readonly Task _accepting;

    public HalfOpenLine(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Cuts the near end of every connection there is; later ones are let through.</summary>
    public void Cut()
    {
        lock (_gate) Close(_near);
    }

    /// <summary>Cuts both ends. More than once is harmless.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            Close(_near);
            Close(_far);
        }
    }

    static void Close(List<Socket> sockets)
    {
        foreach (Socket socket in sockets) socket.Dispose();
        sockets.Clear();
    }

    async Task AcceptAsync()
    {
        while (true)
        {
            Socket near = await _listener.AcceptSocketAsync(_stop.Token);
            Socket far = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await far.ConnectAsync(IPAddress.Loopback, _serverPort, _stop.Token);
            lock (_gate)
            {
                _near.Add(near);
                _far.Add(far);
            }
            _ = CopyAsync(near, far);
            _ = CopyAsync(far, near);
        }
    }

    async Task CopyAsync(Socket from, Socket to)
    {
        byte[] bytes = new byte[16 << 10];
        try
        {
            while (await from.ReceiveAsync(bytes, _stop.Token) is > 0 and int count)
                await to.SendAsync(bytes.AsMemory(0, count), _stop.Token);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One of the ends was cut.
        }
    }
}
