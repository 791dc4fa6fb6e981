using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>Bytes to and from one server, plain or inside TLS; the socket's troubles as failures.</summary>
/// <remarks>One thread reads, any thread sends (one at a time), any thread cancels.</remarks>
internal sealed class PgTransport(PolledSocket socket, PgEndpoint endpoint, bool isLocal) : IDisposable
{
    readonly Lock _sending = new();
    TlsRecordStream? _records;
    SslStream? _tls;

    /// <summary>The peer is on this machine, so nobody else reads along.</summary>
    public bool IsLocal { get; } = isLocal;

    public PolledSocket Socket { get; } = socket;

    public bool IsEncrypted => _tls is not null;

    public X509Certificate2? ServerCertificate { get; private set; }

    /// <summary>Receives at least one byte.</summary>
    /// <returns>The number of bytes, or <see cref="PolledSocket.TimedOut"/>.</returns>
    /// <exception cref="CdcException">The connection ended (<see cref="FailureKind.SourceUnreachable"/>).</exception>
    /// <exception cref="OperationCanceledException">The connection was cancelled.</exception>
    public int Receive(Span<byte> buffer)
    {
        try
        {
            int received = _tls is null ? Socket.Receive(buffer) : ReceiveDecrypted(_tls, buffer);
            return received != 0 ? received : throw PgFailures.Lost(endpoint);
        }
        catch (Exception error) when (IsSocketTrouble(error))
        {
            throw Socket.IsCancelled ? new OperationCanceledException() : PgFailures.Lost(endpoint, error);
        }
    }

    /// <summary>Sends all of the bytes.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            lock (_sending)
            {
                if (_tls is null) Socket.Send(bytes);
                else _tls.Write(bytes);
            }
        }
        catch (Exception error) when (IsSocketTrouble(error))
        {
            throw Socket.IsCancelled ? new OperationCanceledException() : PgFailures.Lost(endpoint, error);
        }
    }

    /// <summary>Turns the plain connection into an encrypted one.</summary>
    /// <remarks>
    /// Bytes that someone slipped in before the handshake are read by it as records and make it fail: nothing was
    /// received beyond the server's one-byte answer.
    /// </remarks>
    public void Encrypt()
    {
        _records = new TlsRecordStream(Socket);
        var tls = new SslStream(_records, leaveInnerStreamOpen: true);
        ServerCertificate = TlsHandshake.Run(tls, endpoint);
        _tls = tls;
    }

    public void Dispose()
    {
        Socket.Dispose();
        _tls?.Dispose();
        ServerCertificate?.Dispose();
    }

    int ReceiveDecrypted(SslStream tls, Span<byte> buffer)
    {
        int filled = 0;
        try
        {
            do
            {
                int read = tls.Read(buffer[filled..]);
                if (read == 0) return filled;
                filled += read;
            }
            while (filled < buffer.Length && _records!.HasWholeRecord);
        }
        catch (ReadTimedOutException)
        {
            return filled > 0 ? filled : PolledSocket.TimedOut;
        }
        return filled;
    }

    static bool IsSocketTrouble(Exception error) =>
        error is IOException or System.Net.Sockets.SocketException or ObjectDisposedException;
}
