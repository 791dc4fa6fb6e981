using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>Stands between client and server as connection poolers do.</summary>
sealed class PoolerStandIn : IAsyncDisposable
{
    const int TlsRequest = 80877103;
    const int KeyEncryptionRequest = 80877104;

    readonly StandIn _here;

    PoolerStandIn(Func<NetworkStream, byte[], CancellationToken, Task> serve) =>
        _here = new(async (client, token) =>
        {
            NetworkStream stream = client.GetStream();
            await serve(stream, await GreetAsync(stream, token), token);
        });

    public int Port => _here.Port;

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

    public ValueTask DisposeAsync() => _here.DisposeAsync();

    static async Task<byte[]> GreetAsync(NetworkStream client, CancellationToken cancellationToken)
    {
        byte[] first = await ReadStartAsync(client, cancellationToken);
        while (BinaryPrimitives.ReadInt32BigEndian(first.AsSpan(4)) is TlsRequest or KeyEncryptionRequest)
        {
            await client.WriteAsync("N"u8.ToArray(), cancellationToken);
            first = await ReadStartAsync(client, cancellationToken);
        }
        return first;
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
