using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>Stands between client and server as connection poolers do.</summary>
sealed class PoolerStandIn : IAsyncDisposable
{
    const int TlsRequest = 80877103;
    const int KeyEncryptionRequest = 80877104;

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly Func<NetworkStream, byte[], CancellationToken, Task> _serve;
    readonly Task _accepting;

    PoolerStandIn(Func<NetworkStream, byte[], CancellationToken, Task> serve)
    {
        _serve = serve;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Takes no start-up parameter that it does not know, in PgBouncer's words.</summary>
    public static PoolerStandIn Strict() => new(static async (client, _, token) =>
    {
        byte[] fields = Encoding.ASCII.GetBytes(
            "SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter in options: datestyle\0\0");
        byte[] message = new byte[5 + fields.Length];
        message[0] = (byte)'E';
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + fields.Length);
        fields.CopyTo(message, 5);
        await client.WriteAsync(message, token);
    });

    /// <summary>Passes everything on, and greets with a process id of its own.</summary>
    public static PoolerStandIn Before(int serverPort) => new(async (client, startup, token) =>
    {
        using TcpClient server = new();
        await server.ConnectAsync(IPAddress.Loopback, serverPort, token);
        NetworkStream behind = server.GetStream();
        await behind.WriteAsync(startup, token);
        Task up = client.CopyToAsync(behind, token);
        while (await ReadMessageAsync(behind, token) is { } message)
        {
            bool isKey = message[0] == (byte)'K';
            if (isKey) BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(5), 4711);
            await client.WriteAsync(message, token);
            if (isKey) break;
        }
        await Task.WhenAny(up, behind.CopyToAsync(client, token));
    });

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

    async Task ServeAsync(TcpClient client)
    {
        using TcpClient own = client;
        NetworkStream stream = client.GetStream();
        try
        {
            byte[] first = await ReadStartAsync(stream, _stop.Token);
            while (BinaryPrimitives.ReadInt32BigEndian(first.AsSpan(4)) is TlsRequest or KeyEncryptionRequest)
            {
                await stream.WriteAsync("N"u8.ToArray(), _stop.Token);
                first = await ReadStartAsync(stream, _stop.Token);
            }
            await _serve(stream, first, _stop.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // One of the two went away, and so does what is between them.
        }
    }

    static async Task<byte[]> ReadStartAsync(NetworkStream from, CancellationToken cancellationToken)
    {
        byte[] length = new byte[4];
        await from.ReadExactlyAsync(length, cancellationToken);
        byte[] rest = new byte[BinaryPrimitives.ReadInt32BigEndian(length) - 4];
        await from.ReadExactlyAsync(rest, cancellationToken);
        return [.. length, .. rest];
    }

    static async Task<byte[]?> ReadMessageAsync(NetworkStream from, CancellationToken cancellationToken)
    {
        byte[] type = new byte[1];
        if (await from.ReadAsync(type, cancellationToken) == 0) return null;
        return [.. type, .. await ReadStartAsync(from, cancellationToken)];
    }
}
