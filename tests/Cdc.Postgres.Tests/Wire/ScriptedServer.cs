using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Tests.Wire;

/// <summary>A server in this process that says what its script says, to one client after the other.</summary>
sealed class ScriptedServer : IDisposable
{
    readonly Socket _listener;
    readonly Thread _thread;
    readonly Action<ScriptedSession> _script;
    volatile bool _closed;

    public ScriptedServer(Action<ScriptedSession> script)
    {
        _script = script;
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _thread = new Thread(Serve) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>What the script threw, such as a failed assertion.</summary>
    public Exception? Failure { get; private set; }

    public PgEndpoint Endpoint => new()
    {
        Host = "127.0.0.1",
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port,
        Database = "db",
        User = "user",
        Password = "pencil",
        SslMode = SslMode.Disable,
        ConnectTimeout = TimeSpan.FromSeconds(20),
    };

    public PgConnection Connect(PgConnectOptions? options = null, PgEndpoint? endpoint = null) =>
        PgConnection.Connect(endpoint ?? Endpoint, options ?? new(), TestContext.Current.CancellationToken);

    public void Dispose()
    {
        _closed = true;
        _listener.Dispose();
        _thread.Join();
    }

    void Serve()
    {
        while (!_closed)
        {
            try
            {
                using Socket client = _listener.Accept();
                client.NoDelay = true;
                using var stream = new NetworkStream(client);
                _script(new ScriptedSession(stream));
                client.Shutdown(SocketShutdown.Send);
                // Read to the end, so that closing resets nothing under way.
                while (client.Receive(new byte[4096]) > 0)
                {
                }
            }
            catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
            {
                // The client left in the middle of the script; the tests look at the client.
            }
            catch (Exception error)
            {
                Failure ??= error;
            }
        }
    }
}

/// <summary>The script's end of one connection.</summary>
sealed class ScriptedSession(Stream stream)
{
    public Stream Stream { get; set; } = stream;

    /// <summary>Bytes per write; small numbers cut messages everywhere.</summary>
    public int Piece { get; set; } = int.MaxValue;

    public Dictionary<string, string> ReadStartup()
    {
        byte[] body = ReadBody();
        Assert.Equal(3 << 16, BinaryPrimitives.ReadInt32BigEndian(body));
        string[] texts = Encoding.UTF8.GetString(body.AsSpan(4)).Split('\0');
        return texts.Chunk(2).Where(pair => pair[0] != "").ToDictionary(pair => pair[0], pair => pair[1]);
    }

    public void ReadSslRequest() => Assert.Equal(80877103, BinaryPrimitives.ReadInt32BigEndian(ReadBody()));

    public (char Type, byte[] Body) ReadMessage()
    {
        Span<byte> type = stackalloc byte[1];
        Stream.ReadExactly(type);
        return ((char)type[0], ReadBody());
    }

    public string ReadText(char type)
    {
        (char got, byte[] body) = ReadMessage();
        Assert.Equal(type, got);
        return Encoding.UTF8.GetString(body).TrimEnd('\0');
    }

    public void Send(char type, params ReadOnlySpan<byte> body) => SendRaw(Message(type, body));

    public void SendRaw(ReadOnlySpan<byte> bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int count = Math.Min(Piece, bytes.Length - at);
            Stream.Write(bytes.Slice(at, count));
            at += count;
        }
    }

    public void SendAuthentication(int method, ReadOnlySpan<byte> rest = default) =>
        Send('R', [.. Int32(method), .. rest]);

    public void SendError(string severity, string sqlState, string message) =>
        Send('E', Encoding.UTF8.GetBytes($"S{severity}\0V{severity}\0C{sqlState}\0M{message}\0\0"));

    public void SendReady() => Send('Z', (byte)'I');

    /// <summary>AuthenticationOk to ReadyForQuery, and the answers to the questions about settings.</summary>
    public void LetIn()
    {
        SendAuthentication(0);
        Send('S', "server_version\015.4 (Scripted)\0"u8);
        Send('K', [.. Int32(4711), .. Int32(1)]);
        SendReady();
        AnswerSettings(PinnedSettings.AtStart);
    }

    public void AnswerSettings(IReadOnlyDictionary<string, string> settings)
    {
        Assert.Contains("pg_settings", ReadText('Q'));
        SendRows(["name", "setting"], [.. settings.Select(s => new[] { s.Key, s.Value })]);
    }

    public void SendRows(string[] columns, params string?[][] rows)
    {
        Send('T', [.. Int16(columns.Length), .. columns.SelectMany(Column)]);
        foreach (string?[] row in rows) Send('D', [.. Int16(row.Length), .. row.SelectMany(Cell)]);
        Send('C', Encoding.UTF8.GetBytes($"SELECT {rows.Length}\0"));
        SendReady();
    }

    public static byte[] Message(char type, ReadOnlySpan<byte> body) =>
        [(byte)type, .. Int32(4 + body.Length), .. body];

    public static byte[] Int16(int value) => [(byte)(value >> 8), (byte)value];

    public static byte[] Int32(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Int64(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    static byte[] Column(string name) => [.. Encoding.UTF8.GetBytes(name), 0, .. new byte[18]];

    static byte[] Cell(string? value) => value is null
        ? Int32(-1)
        : [.. Int32(Encoding.UTF8.GetByteCount(value)), .. Encoding.UTF8.GetBytes(value)];

    byte[] ReadBody()
    {
        byte[] length = new byte[4];
        Stream.ReadExactly(length);
        byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(length) - 4];
        Stream.ReadExactly(body);
        return body;
    }
}
