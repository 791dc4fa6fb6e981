using System.Net;
using System.Net.Sockets;
using Cdc.Testing;

namespace Cdc.Conformance.Tests.Target;

/// <summary>A line to a server whose near end a test cuts, while the far end stays open: the server notices
/// nothing.</summary>
sealed class HalfOpenLine : IAsyncDisposable
{
    readonly Lock _gate = new();
    readonly List<Socket> _near = [];
    readonly List<Socket> _far = [];
    readonly int _serverPort;
    readonly StandIn _here;

    public HalfOpenLine(int serverPort)
    {
        _serverPort = serverPort;
        _here = new(ServeAsync);
    }

    public int Port => _here.Port;

    /// <summary>Cuts the near end of every connection there is; later ones are let through.</summary>
    public void Cut()
    {
        lock (_gate) Close(_near);
    }

    /// <summary>Cuts both ends. More than once is harmless.</summary>
    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
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

    async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        Socket far = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        lock (_gate)
        {
            _near.Add(client.Client);
            _far.Add(far);
        }
        await far.ConnectAsync(IPAddress.Loopback, _serverPort, stop);
        await Task.WhenAll(CopyAsync(client.Client, far, stop), CopyAsync(far, client.Client, stop));
    }

    static async Task CopyAsync(Socket from, Socket to, CancellationToken stop)
    {
        byte[] bytes = new byte[16 << 10];
        while (await from.ReceiveAsync(bytes, stop) is > 0 and int count)
            await to.SendAsync(bytes.AsMemory(0, count), stop);
    }
}
