using System.Net;
using System.Net.Sockets;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>A line to a server that a test takes down and puts up again.</summary>
sealed class FlakyLine : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly Lock _gate = new();
    readonly int _serverPort;
    readonly Task _accepting;
    CancellationTokenSource? _up;
    long _bytesLeft;

    public FlakyLine(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Lets connections through, until so many bytes have come from the server; then all are cut, and none is
    /// let through any more.</summary>
    public void Up(long bytes = long.MaxValue)
    {
        lock (_gate) (_up, _bytesLeft) = (CancellationTokenSource.CreateLinkedTokenSource(_stop.Token), bytes);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    async Task AcceptAsync()
    {
        while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
    }

    async Task ServeAsync(TcpClient accepted)
    {
        using TcpClient client = accepted;
        CancellationTokenSource? up;
        lock (_gate) up = _up;
        if (up is null) return;
        try
        {
            using TcpClient server = new();
            await server.ConnectAsync(IPAddress.Loopback, _serverPort, up.Token);
            Task there = client.GetStream().CopyToAsync(server.GetStream(), up.Token);
            await Task.WhenAny(there, BackAsync(server.GetStream(), client.GetStream(), up));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // One of the two went away, and so does what is between them.
        }
    }

    async Task BackAsync(NetworkStream from, NetworkStream to, CancellationTokenSource up)
    {
        byte[] bytes = new byte[16 << 10];
        while (await from.ReadAsync(bytes, up.Token) is > 0 and int count)
        {
            if (Interlocked.Add(ref _bytesLeft, -count) < 0) await CutAsync(up);
            await to.WriteAsync(bytes.AsMemory(0, count), up.Token);
        }
    }

    async Task CutAsync(CancellationTokenSource up)
    {
        lock (_gate) if (_up == up) _up = null;
        await up.CancelAsync();
    }
}
