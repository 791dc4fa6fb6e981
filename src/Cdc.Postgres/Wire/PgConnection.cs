using System.Globalization;
using Cdc.Engine;
using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>One synchronous session with a PostgreSQL server: simple queries, COPY TO STDOUT, replication.</summary>
/// <remarks>
/// One thread uses it at a time. Any thread may <see cref="Cancel"/> or dispose it, which ends a blocked call with
/// <see cref="OperationCanceledException"/>. Failures are <see cref="CdcException"/>s. After one that is not the
/// server's answer to a statement, the connection is of no more use.
/// </remarks>
internal sealed class PgConnection : IDisposable
{
    // Longer than any message of start-up, shorter than what a stranger could make us allocate.
    const int StartBodyMax = 64 << 10;
    const int BodyMax = 1 << 30;

    readonly PgTransport _transport;
    readonly PgConnectOptions _options;
    readonly ReceiveBuffer _buffer = new();
    readonly Dictionary<string, string> _parameters = [];
    int _bodyMax = StartBodyMax;
    long? _deadline;

    /// <summary>The last message was ReadyForQuery.</summary>
    bool _isReady;

    PgConnection(PgTransport transport, PgEndpoint endpoint, PgConnectOptions options)
    {
        (_transport, Endpoint, _options) = (transport, endpoint, options);
        SetDeadline(endpoint.ConnectTimeout);
        PgStartup.Run(this, transport, options);
        ClearDeadline();
        _bodyMax = BodyMax;
    }

    public PgEndpoint Endpoint { get; }

    /// <summary>Takes the server's notices and warnings, where they lie between its messages. What it throws, the read
    /// under way throws.</summary>
    public Action<PgServerError>? Noticed { get; set; }

    /// <summary>What the server reported of itself and of this session: <c>server_version</c> and others.</summary>
    public IReadOnlyDictionary<string, string> Parameters => _parameters;

    /// <summary>Major version times 10,000 plus the minor one; 0 where the server does not say.</summary>
    public int ServerVersion { get; private set; }

    public int BackendProcessId { get; internal set; }

    public bool IsEncrypted => _transport.IsEncrypted;

    /// <summary>'I' idle, 'T' in a transaction, 'E' in a failed one.</summary>
    public char TransactionStatus { get; private set; } = 'I';

    internal PgTransport Transport => _transport;

    internal TimeProvider Clock => _options.Clock;

    /// <summary>Connects, authenticates, and makes sure that <see cref="PinnedSettings"/> are in effect.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before the session was ready.</exception>
    public static PgConnection Connect(
        PgEndpoint endpoint, PgConnectOptions options, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return PgConnector.Connect(endpoint, options, transport =>
        {
            var connection = new PgConnection(transport, endpoint, options);
            PinnedSettings.Apply(connection);
            return connection;
        }, cancellation);
    }

    /// <summary>Runs one statement or replication command, or several separated by semicolons.</summary>
    /// <returns>The rows of the last statement that returns any.</returns>
    /// <exception cref="CdcException">Refused (<see cref="PgServerError.Of"/>); the session goes on.</exception>
    public PgRows Query(string sql)
    {
        SendQuery(sql);
        var rows = new PgRows();
        PgServerError? error = null;
        while (true)
        {
            byte type = ReadMessage(out ReadOnlySpan<byte> body);
            switch (type)
            {
                case (byte)'T': rows.Describe(body); break;
                case (byte)'D': rows.Add(body); break;
                case (byte)'C' or (byte)'I': break;
                case (byte)'E': error = TakeError(body, error); break;
                case (byte)'Z':
                    TakeReady(body);
                    return error is null ? rows : throw PgFailures.From(error, Endpoint);
                default: throw PgMessageReader.Unexpected(type, "a query");
            }
        }
    }

    /// <summary>Starts <c>COPY … TO STDOUT</c>. Until it has ended, the connection is its.</summary>
    public PgCopyOut CopyOut(string sql) => new(this, StartCopy(sql, (byte)'H'));

    /// <summary>Starts <c>START_REPLICATION …</c>. Until it has ended, the connection is its.</summary>
    public PgCopyBoth StartReplication(string command)
    {
        StartCopy(command, (byte)'W');
        return new(this);
    }

    /// <summary>Ends the connection at once, from any thread.</summary>
    public void Cancel() => _transport.Socket.Cancel();

    /// <summary>Says good-bye if the session is idle, and closes. From any thread.</summary>
    public void Dispose()
    {
        if (!_transport.Socket.IsCancelled && _isReady)
        {
            try
            {
                _transport.Send([(byte)'X', 0, 0, 0, 4]);
            }
            catch (Exception error) when (error is CdcException or OperationCanceledException)
            {
                // Gone already.
            }
        }
        _transport.Dispose();
    }

    /// <summary>Takes the next message that is no aside; its body lives until the next call.</summary>
    /// <returns>False when the socket's read timeout or the deadline has passed.</returns>
    internal bool TryReadMessage(out byte type, out ReadOnlySpan<byte> body)
    {
        type = 0;
        body = default;
        while (IsInTime())
        {
            while (!_buffer.TryTake(_bodyMax, out type, out body))
            {
                int received = _transport.Receive(_buffer.Room());
                if (received == PolledSocket.TimedOut) return false;
                _buffer.Received(received);
            }
            if (type is (byte)'d') return true; // The hot one first.
            if (!TakeAside(type, body)) return true;
        }
        return false;
    }

    /// <summary>Limits what follows, however many messages come: who drips notices is never silent.</summary>
    internal void SetDeadline(TimeSpan limit) =>
        _deadline = Clock.GetTimestamp() + (long)(limit.TotalSeconds * Clock.TimestampFrequency);

    internal void ClearDeadline()
    {
        _deadline = null;
        _transport.Socket.ReadTimeout = Timeout.InfiniteTimeSpan;
    }

    /// <summary>As <see cref="TryReadMessage"/>, without a limit to the waiting.</summary>
    internal byte ReadMessage(out ReadOnlySpan<byte> body)
    {
        byte type;
        while (!TryReadMessage(out type, out body))
        {
        }
        return type;
    }

    /// <param name="isLast">Nothing else was sent that is still to be answered.</param>
    internal void TakeReady(ReadOnlySpan<byte> body, bool isLast = true)
    {
        var reader = new PgMessageReader(body);
        TransactionStatus = (char)reader.Byte();
        reader.End();
        _isReady = isLast;
    }

    /// <summary>Keeps the first error of a statement. A fatal one is thrown: nothing comes after it.</summary>
    internal PgServerError TakeError(ReadOnlySpan<byte> body, PgServerError? first)
    {
        PgServerError error = PgServerError.Parse(body);
        return error.IsFatal ? throw PgFailures.From(error, Endpoint) : first ?? error;
    }

    bool IsInTime()
    {
        if (_deadline is not { } deadline) return true;
        TimeSpan left = Clock.GetElapsedTime(Clock.GetTimestamp(), deadline);
        if (left <= TimeSpan.Zero) return false;
        _transport.Socket.ReadTimeout = left;
        return true;
    }

    /// <summary>Statements are under way whose answers have not been read.</summary>
    internal void TakeStatements()
    {
        Check.That(_isReady);
        _isReady = false;
    }

    void SendQuery(string sql)
    {
        TakeStatements();
        var message = new PgMessageWriter();
        message.Begin((byte)'Q');
        message.Text(sql);
        _transport.Send(message.End());
    }

    bool StartCopy(string sql, byte expected)
    {
        SendQuery(sql);
        PgServerError? error = null;
        while (true)
        {
            byte type = ReadMessage(out ReadOnlySpan<byte> body);
            if (type == expected && error is null) return PgCopyOut.IsBinaryResponse(body);
            switch (type)
            {
                case (byte)'E': error = TakeError(body, error); break;
                case (byte)'Z':
                    TakeReady(body);
                    throw error is null
                        ? PgMessageReader.Violation("no copy after a command that starts one")
                        : expected == (byte)'W'
                            ? PgFailures.FromStream(error, Endpoint)
                            : PgFailures.From(error, Endpoint);
                default: throw PgMessageReader.Unexpected(type, "the start of a copy");
            }
        }
    }

    /// <summary>Messages that may come between any two others.</summary>
    bool TakeAside(byte type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case (byte)'N':
                PgServerError notice = PgServerError.Parse(body);
                Noticed?.Invoke(notice);
                return true;
            case (byte)'S':
                var reader = new PgMessageReader(body);
                TakeParameter(reader.Text(), reader.Text());
                reader.End();
                return true;
            case (byte)'A':
                return true;
            default:
                return false;
        }
    }

    void TakeParameter(string name, string value)
    {
        const int ParametersMax = 1000;
        if (_parameters.Count >= ParametersMax) throw PgMessageReader.Violation("too many parameters of the session");
        _parameters[name] = value;
        if (name == "server_version") ServerVersion = ParseVersion(value);
    }

    // "15.18 (Debian 15.18-0+deb12u1)", "18beta1", "16devel".
    static int ParseVersion(string text)
    {
        string number = new([.. text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.')]);
        string[] parts = number.Split('.');
        int.TryParse(parts[0], CultureInfo.InvariantCulture, out int major);
        int.TryParse(parts.ElementAtOrDefault(1), CultureInfo.InvariantCulture, out int minor);
        return major is > 0 and < 10_000 && minor is >= 0 and < 10_000 ? (major * 10_000) + minor : 0;
    }
}
