using System.Net;
using System.Net.Sockets;
using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>A line to a server that a test takes down and puts up again.</summary>
sealed class FlakyLine : IAsyncDisposable
{
    readonly Lock _gate = new();
    readonly int _serverPort;
    readonly StandIn _here;
    CancellationTokenSource? _up;
    long _bytesLeft;

    public FlakyLine(int serverPort)
    {
        _serverPort = serverPort;
        _here = new(ServeAsync);
    }

    public int Port => _here.Port;

    /// <summary>Lets connections through, until so many bytes have come from the server; then all are cut, and none is
    /// let through any more.</summary>
    public void Up(long bytes = long.MaxValue)
    {
        lock (_gate) (_up, _bytesLeft) = (new(), bytes);
    }

    public ValueTask DisposeAsync() => _here.DisposeAsync();

    async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        CancellationTokenSource? up;
        lock (_gate) up = _up;
        if (up is null) return;
        using var down = CancellationTokenSource.CreateLinkedTokenSource(up.Token, stop);
        using TcpClient server = new();
        await server.ConnectAsync(IPAddress.Loopback, _serverPort, down.Token);
        Task there = client.GetStream().CopyToAsync(server.GetStream(), down.Token);
        await Task.WhenAny(there, BackAsync(server.GetStream(), client.GetStream(), up, down.Token));
    }

    async Task BackAsync(NetworkStream from, NetworkStream to, CancellationTokenSource up, CancellationToken down)
    {
        byte[] bytes = new byte[16 << 10];
        while (await from.ReadAsync(bytes, down) is > 0 and int count)
        {
            if (Interlocked.Add(ref _bytesLeft, -count) < 0) await CutAsync(up);
            await to.WriteAsync(bytes.AsMemory(0, count), down);
        }
    }

    async Task CutAsync(CancellationTokenSource up)
    {
        lock (_gate) if (_up == up) _up = null;
        await up.CancelAsync();
    }
}
