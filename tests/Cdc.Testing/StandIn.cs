using System.Net;
using System.Net.Sockets;

namespace Cdc.Testing;

/// <summary>Stands where a server is expected, at a port of its own, and does with each connection what a test
/// wants.</summary>
public sealed class StandIn : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly Func<TcpClient, CancellationToken, Task> _serve;
    readonly Task _accepting;

    /// <param name="serve">Has one connection until it returns, or either end goes away; cancelled when this is
    /// disposed.</param>
    public StandIn(Func<TcpClient, CancellationToken, Task> serve)
    {
        _serve = serve;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task AcceptAsync()
    {
        while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
    }

    async Task ServeAsync(TcpClient accepted)
    {
        using TcpClient client = accepted;
        try
        {
            await _serve(client, _stop.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException
            or OperationCanceledException)
        {
            // One of the two went away, and so does what is between them.
        }
    }
}
