using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>Opens the socket, and TLS on it where the sslmode wants it.</summary>
internal static class PgConnector
{
    const int SslRequestCode = 80877103;
    const int KeepAliveSeconds = 30;
    const int KeepAliveIntervalSeconds = 10;
    const int KeepAliveProbes = 3;

    /// <summary>Runs <paramref name="start"/> on a plain or an encrypted transport, as sslmode says.</summary>
    public static T Connect<T>(
        PgEndpoint endpoint, PgConnectOptions options, Func<PgTransport, T> start, CancellationToken cancellation)
    {
        bool[] encrypted = endpoint.IsUnixSocket ? [false] : endpoint.SslMode switch
        {
            SslMode.Disable => [false],
            SslMode.Allow => [false, true],
            SslMode.Prefer => [true, false],
            SslMode.Require or SslMode.VerifyCa or SslMode.VerifyFull => [true],
        };
        for (int i = 0; ; i++)
        {
            try
            {
                return Attempt(endpoint, options, start, encrypted[i], cancellation);
            }
            catch (CdcException failure) when (i + 1 < encrypted.Length && OtherWayMayWork(failure))
            {
                // The next attempt tells its own failure.
            }
        }
    }

    static T Attempt<T>(PgEndpoint endpoint, PgConnectOptions options, Func<PgTransport, T> start, bool encrypt,
        CancellationToken cancellation)
    {
        (Socket socket, bool isLocal) = Open(endpoint, options, cancellation);
        var transport = new PgTransport(
            new PolledSocket(socket) { ReadTimeout = endpoint.ConnectTimeout }, endpoint, isLocal);
        try
        {
            using CancellationTokenRegistration registered = cancellation.Register(transport.Socket.Cancel);
            if (encrypt && ServerHasTls(transport, endpoint)) transport.Encrypt();
            Warn(transport, endpoint, options);
            return start(transport);
        }
        catch
        {
            transport.Dispose();
            throw;
        }
    }

    /// <summary>pg_hba.conf has a line for the other way only, or the handshake failed.</summary>
    static bool OtherWayMayWork(CdcException failure) =>
        PgServerError.Of(failure)?.SqlState == "28000" || failure.InnerException is AuthenticationException;

    static (Socket Socket, bool IsLocal) Open(
        PgEndpoint endpoint, PgConnectOptions options, CancellationToken cancellation)
    {
        if (endpoint.IsUnixSocket)
        {
            var path = new UnixDomainSocketEndPoint($"{endpoint.Host}/.s.PGSQL.{endpoint.Port}");
            return (OpenOne(path, endpoint, options, cancellation), true);
        }
        CdcException? failed = null;
        foreach (IPAddress address in Resolve(endpoint, cancellation))
        {
            try
            {
                Socket socket = OpenOne(new IPEndPoint(address, endpoint.Port), endpoint, options, cancellation);
                return (socket, IPAddress.IsLoopback(address));
            }
            catch (CdcException error)
            {
                failed = error;
            }
        }
        throw failed ?? PgFailures.Unreachable(endpoint, "has no address");
    }

    static IPAddress[] Resolve(PgEndpoint endpoint, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(endpoint.Host, out IPAddress? address)) return [address];
        try
        {
            return Dns.GetHostAddressesAsync(endpoint.Host, cancellation).GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            throw PgFailures.Unreachable(endpoint, "is not a known host", error);
        }
    }

    static Socket OpenOne(
        EndPoint address, PgEndpoint endpoint, PgConnectOptions options, CancellationToken cancellation)
    {
        var socket = address is IPEndPoint
            ? new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var limit = new CancellationTokenSource(endpoint.ConnectTimeout, options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            socket.ConnectAsync(address, either.Token).AsTask().GetAwaiter().GetResult();
            socket.SendTimeout = (int)options.SendTimeout.TotalMilliseconds;
            if (address is IPEndPoint) KeepAlive(socket);
            return socket;
        }
        catch (Exception error)
        {
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw error switch
            {
                OperationCanceledException => PgFailures.Unreachable(endpoint, "did not answer in time", error),
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
                    PgFailures.Unreachable(endpoint, "refuses connections", error),
                SocketException reason =>
                    PgFailures.Unreachable(endpoint, $"can't be reached ({reason.SocketErrorCode})", error),
                _ => error,
            };
        }
    }

    // A peer that vanished without a word is found out after a minute, also while nobody writes to it.
    static void KeepAlive(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
    }

    static bool ServerHasTls(PgTransport transport, PgEndpoint endpoint)
    {
        var request = new PgMessageWriter();
        request.BeginUntyped();
        request.Int32(SslRequestCode);
        transport.Send(request.End());
        Span<byte> answer = stackalloc byte[1];
        if (transport.Receive(answer) == PolledSocket.TimedOut)
            throw PgFailures.Unreachable(endpoint, "did not answer in time");
        return answer[0] switch
        {
            (byte)'S' => true,
            (byte)'N' when endpoint.SslMode is SslMode.Prefer => false,
            (byte)'N' => throw new CdcException(FailureKind.SourceRefused,
                $"{endpoint.Server} does not offer TLS, and sslmode asks for it.",
                "Set ssl=on on the server, or use sslmode=disable on a network that you trust."),
            // Nothing that came before the handshake can be believed, so the text is not shown.
            (byte)'E' => throw PgFailures.Unreachable(endpoint, "answered the request for TLS with an error"),
            byte other => throw PgMessageReader.Unexpected(other, "the request for TLS"),
        };
    }

    static void Warn(PgTransport transport, PgEndpoint endpoint, PgConnectOptions options)
    {
        if (transport.IsLocal || options.Warn is null) return;
        if (!transport.IsEncrypted)
        {
            options.Warn($"The connection to {endpoint.Server} is not encrypted: anyone on the way can read along. " +
                "Use sslmode=verify-full.");
        }
        else if (endpoint.SslMode != SslMode.VerifyFull)
        {
            options.Warn($"The connection to {endpoint.Server} is encrypted, but who answers is not fully verified. " +
                "Use sslmode=verify-full.");
        }
    }
}
