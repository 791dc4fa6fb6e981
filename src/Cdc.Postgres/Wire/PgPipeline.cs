using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Cdc.Engine;

namespace Cdc.Postgres.Wire;

/// <summary>How the server answered one statement.</summary>
/// <param name="Rows">How many rows it wrote, as the command's tag says; -1 if it says none.</param>
/// <param name="Cell">The first cell of the last row it returned.</param>
/// <param name="Error">Set if it failed; then the other two mean nothing.</param>
internal readonly record struct PgAnswer(long Rows, string? Cell, PgServerError? Error);

/// <summary>Statements, and copies into tables, sent without waiting for the answers, which are read later, in
/// order.</summary>
/// <remarks>
/// One thread uses it. What is sent leaves in pieces of at least 64 KiB, or with <see cref="Sync"/>. A statement behind
/// one that failed is run by the server all the same, so whatever must not happen then stands in one transaction: in a
/// failed one nothing is run but its end. After a failed copy the server ignores its data.
/// </remarks>
internal sealed class PgPipeline(PgConnection connection)
{
    const int BufferBytes = 160 << 10;
    const int SendBytes = 64 << 10;
    const int HeaderBytes = 5;

    // The server stops reading when nobody takes its answers, so they are taken before they fill a socket.
    const int UnansweredMax = 400;

    readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    readonly List<PgAnswer> _answers = [];
    int _used;
    int _dataAt = -1;
    int _unanswered;

    public PgConnection Connection => connection;

    /// <summary>Statements answered since the answers were last taken, in order.</summary>
    public IReadOnlyList<PgAnswer> Answers => _answers;

    public void ForgetAnswers() => _answers.Clear();

    /// <summary>Sends one statement.</summary>
    public void Query(string sql)
    {
        int bytes = Encoding.UTF8.GetByteCount(sql);
        byte[] rented = System.Buffers.ArrayPool<byte>.Shared.Rent(bytes);
        Query(rented.AsSpan(0, Encoding.UTF8.GetBytes(sql, rented)));
        System.Buffers.ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Sends one statement, without the zero byte that ends it.</summary>
    public void Query(ReadOnlySpan<byte> sql)
    {
        Check.That(_dataAt < 0);
        if (_unanswered >= UnansweredMax) Sync();
        if (_unanswered++ == 0) connection.TakeStatements();
        if (BufferBytes - _used < HeaderBytes) Send();
        _buffer[_used] = (byte)'Q';
        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(_used + 1), sizeof(int) + sql.Length + 1);
        _used += HeaderBytes;
        while (!sql.IsEmpty)
        {
            int part = Math.Min(sql.Length, BufferBytes - _used);
            sql[..part].CopyTo(_buffer.AsSpan(_used));
            sql = sql[part..];
            _used += part;
            if (_used == BufferBytes) Send();
        }
        if (_used == BufferBytes) Send();
        _buffer[_used++] = 0;
        if (_used >= SendBytes) Send();
    }

    /// <summary>Sends a <c>COPY … FROM STDIN</c>. Until <see cref="EndCopy"/> only data may follow.</summary>
    public void StartCopy(string sql)
    {
        Query(sql);
        OpenData();
    }

    /// <summary>Room for at least this many bytes of a copy's data, at most 32 KiB, to be confirmed by
    /// <see cref="Written"/>. Pieces of data need not end where rows do.</summary>
    public Span<byte> Room(int bytes)
    {
        if (BufferBytes - _used < bytes || _used - _dataAt >= SendBytes)
        {
            CloseData();
            Send();
            OpenData();
        }
        return _buffer.AsSpan(_used);
    }

    public void Written(int bytes) => _used += bytes;

    public void EndCopy()
    {
        CloseData();
        if (BufferBytes - _used < HeaderBytes) Send();
        ReadOnlySpan<byte> done = [(byte)'c', 0, 0, 0, sizeof(int)];
        done.CopyTo(_buffer.AsSpan(_used));
        _used += HeaderBytes;
    }

    /// <summary>Sends what is left and reads every answer that is due.</summary>
    public void Sync()
    {
        Check.That(_dataAt < 0);
        Send();
        while (_unanswered > 0) Answer();
    }

    /// <summary>Sends one statement behind all others and waits for its answer.</summary>
    /// <exception cref="Engine.Failures.CdcException">The server refused it.</exception>
    public PgAnswer Run(string sql)
    {
        Query(sql);
        Sync();
        PgAnswer answer = _answers[^1];
        _answers.RemoveAt(_answers.Count - 1);
        return answer.Error is null ? answer : throw PgFailures.From(answer.Error, connection.Endpoint);
    }

    void OpenData()
    {
        if (BufferBytes - _used < SendBytes) Send();
        _dataAt = _used;
        _buffer[_used] = (byte)'d';
        _used += HeaderBytes;
    }

    void CloseData()
    {
        int length = _used - _dataAt - 1;
        if (length == sizeof(int)) _used = _dataAt;
        else BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(_dataAt + 1), length);
        _dataAt = -1;
    }

    void Send()
    {
        if (_used == 0) return;
        connection.Transport.Send(_buffer.AsSpan(0, _used));
        _used = 0;
    }

    void Answer()
    {
        PgServerError? error = null;
        string? cell = null;
        long rows = -1;
        while (true)
        {
            byte type = connection.ReadMessage(out ReadOnlySpan<byte> body);
            switch (type)
            {
                case (byte)'C': rows = CountOf(body); break;
                case (byte)'D': cell = CellOf(body); break;
                case (byte)'T' or (byte)'I' or (byte)'G': break;
                case (byte)'E': error = connection.TakeError(body, error); break;
                case (byte)'Z':
                    connection.TakeReady(body, --_unanswered == 0);
                    _answers.Add(new(rows, cell, error));
                    return;
                default: throw PgMessageReader.Unexpected(type, "a statement");
            }
        }
    }

    // "INSERT 0 5", "UPDATE 5", "COPY 5", "BEGIN".
    static long CountOf(ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> tag = body.IsEmpty ? body : body[..^1];
        ReadOnlySpan<byte> last = tag[(tag.LastIndexOf((byte)' ') + 1)..];
        return long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? count : -1;
    }

    static string? CellOf(ReadOnlySpan<byte> body)
    {
        var reader = new PgMessageReader(body);
        if (reader.Int16() < 1) return null;
        int length = reader.Int32();
        return length < 0 ? null : Encoding.UTF8.GetString(reader.Bytes(length));
    }
}
