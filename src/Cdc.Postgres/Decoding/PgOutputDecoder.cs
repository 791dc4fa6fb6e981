using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Capture;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Decoding;

/// <summary>Turns pgoutput's messages (protocol version 1, whole transactions in commit order) into rows.</summary>
/// <remarks>
/// Rows go straight from the message into blocks; a batch leaves when its block is full, or at <see cref="Flush"/>, and
/// never before the COMMIT of its rows. TRUNCATE and schema changes cut the transaction into steps.
/// Bytes that pgoutput does not send are a ProtocolViolation, after which the decoder is only good for
/// <see cref="Abandon"/>. One thread.
/// </remarks>
internal sealed class PgOutputDecoder : IDisposable
{
    const long UnixMicrosecondsOfPostgresEpoch = 946_684_800_000_000;

    readonly RowWriter _writer;
    readonly Relations _relations;
    readonly RowMessages _rows;
    readonly Spill _spill;
    readonly OpenTransaction _transaction;
    readonly DecoderOptions _options;
    readonly AlreadySeen _seen;
    readonly IDecoded _decoded;

    CommitStamp _last;
    CommitTs _resolved;
    CommitTs _before;
    ulong _finalLsn;
    uint _xid;
    bool _mayBeSeen;

    public PgOutputDecoder(DecoderOptions options, RowBlockPool pool, IDecoded decoded)
    {
        (_options, _decoded, _resolved) = (options, decoded, options.Start.After);
        _seen = new(options.Start);
        _writer = new(pool);
        _relations = new(
            options.Start.History, options.Catalog, options.Selection, options.Capture, options.Logger);
        _rows = new(_writer, _relations);
        _spill = new(options.SpillDirectory, pool);
        _transaction = new(options, _spill);
    }

    /// <summary>Between BEGIN and COMMIT.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Commit time of the transaction under way or the last one, on the server's clock: microseconds since
    /// 2000.</summary>
    public long CommitTime { get; private set; }

    /// <summary>The last transaction received; zero before the first.</summary>
    public CommitStamp Last => _last;

    public static long ToUnixMicroseconds(long postgres) => unchecked(postgres + UnixMicrosecondsOfPostgresEpoch);

    /// <summary>Takes one message.</summary>
    public void Decode(ReadOnlySpan<byte> message)
    {
        if (message.IsEmpty) throw PgMessageReader.Violation("a message of the log is empty");
        switch (message[0])
        {
            case (byte)'I': InTransaction(); _rows.Insert(message); break;
            case (byte)'U': InTransaction(); _rows.Update(message); break;
            case (byte)'D': InTransaction(); _rows.Delete(message); break;
            case (byte)'B': Begin(new(message[1..])); return;
            case (byte)'C': Commit(new(message[1..])); return;
            case (byte)'R': InTransaction(); Relation(new(message[1..])); break;
            case (byte)'T': InTransaction(); Truncate(new(message[1..])); break;
            case (byte)'M': Message(new(message[1..])); break;
            case (byte)'O': InTransaction(); Origin(new(message[1..])); break;
            case (byte)'Y': InTransaction(); Type(new(message[1..])); break;
            default: throw PgMessageReader.Unexpected(message[0], "the decoding of the log");
        }
        if (_writer.Completed.Count > 0) TakeCompleted();
    }

    /// <summary>A keepalive: the server has sent everything up to <paramref name="walEnd"/>. It may be the very
    /// number at which the commit record of a later transaction begins; since positions are ends, that one lies
    /// beyond.</summary>
    public void Idle(ulong walEnd, long sentAt)
    {
        if (IsOpen) return;
        Flush();
        Resolve(CommitTs.End(walEnd), ToUnixMicroseconds(sentAt));
    }

    /// <summary>Hands on whatever is committed: nothing more is known to come at once.</summary>
    public void Flush()
    {
        if (IsOpen ? _writer.HasClosedRows : _writer.UnsealedBytes > 0) _writer.Seal();
        TakeCompleted();
        if (_last.Ts.Commit > 0) Resolve(_last.Ts, _last.CommitTime);
    }

    /// <summary>The connection is gone, or reading ends: what is not handed on will come again.</summary>
    public void Abandon()
    {
        _transaction.Abandon();
        _writer.Abandon();
        IsOpen = false;
    }

    public void Dispose()
    {
        Abandon();
        _spill.Dispose();
    }

    void Begin(PgMessageReader reader)
    {
        if (IsOpen) throw PgMessageReader.Violation("a transaction begins inside another");
        _finalLsn = reader.UInt64();
        CommitTime = reader.Int64();
        _xid = (uint)reader.Int32();
        reader.End();
        if (_finalLsn < _last.Ts.Commit) throw PgMessageReader.Violation("a transaction comes out of order");

        _before = CommitTs.End(_finalLsn);
        _mayBeSeen = _seen.MayInclude(_finalLsn);
        _writer.Begin(new(default, ToUnixMicroseconds(CommitTime), _xid));
        IsOpen = true;
    }

    void Commit(PgMessageReader reader)
    {
        InTransaction();
        reader.Byte(); // Flags; none is defined.
        ulong commitLsn = reader.UInt64();
        ulong endLsn = reader.UInt64();
        CommitTime = reader.Int64();
        reader.End();
        if (commitLsn != _finalLsn || endLsn <= commitLsn)
            throw PgMessageReader.Violation("a COMMIT does not belong to its BEGIN");

        CommitStamp stamp = new(CommitTs.End(endLsn), ToUnixMicroseconds(CommitTime), _xid);
        // What may be dropped must not share a batch with what is kept.
        bool isApart = _mayBeSeen || _relations.HasOverlay || !_transaction.IsEmpty;
        if (isApart)
        {
            _writer.Seal();
            TakeCompleted();
        }
        _writer.Commit(endLsn, stamp.CommitTime);
        // It is the last transaction only when all of it was handed over: a failure in between must not resolve it.
        if (isApart) HandOver(stamp);
        (IsOpen, _last) = (false, stamp);
        if (!isApart && endLsn - _resolved.Commit > _options.ResolveAfterBytes && endLsn > _resolved.Commit) Flush();
    }

    void HandOver(in CommitStamp stamp)
    {
        IReadOnlyDictionary<TableSchema, TableSchema>? finals =
            _relations.HasOverlay ? _relations.Install(stamp.Ts.Commit) : null;
        _transaction.HandOver(stamp, finals, _seen, _decoded);
        Resolve(stamp.Ts, stamp.CommitTime);
    }

    void Relation(PgMessageReader reader)
    {
        RelationMessage message = RelationMessage.Parse(ref reader);
        switch (_relations.Judge(message, _before))
        {
            case RelationNews.Shape: _relations.Change(message, _before, NextSteps()); break;
            case RelationNews.Table: _transaction.Add(_relations.Await(message, NextSteps())); break;
            default: _relations.Keep(message, _before); break;
        }
    }

    // One message, one step: the steps count what the source did, whatever is carried of it.
    void Ddl(ReadOnlySpan<byte> content)
    {
        DdlMessage message = DdlMessage.Parse(content.ToArray());
        if (message.Unreadable is { } why) throw DdlFailures.Unreadable(why);
        DdlStatement? statement = null;
        foreach (CapturedTable table in message.Tables) statement ??= _relations.Awaited(table.Oid);
        if (statement is null) _transaction.Add(statement = new(NextSteps()));
        statement.Effect = DdlEffects.Apply(_relations, message, _before, statement.Step);
    }

    void Truncate(PgMessageReader reader)
    {
        int count = reader.Int32();
        byte options = reader.Byte();
        if (count < 0 || reader.Remaining != (long)count * sizeof(uint))
            throw PgMessageReader.Violation("a TRUNCATE does not name the tables it counts");
        var tables = new List<TableSchema>();
        for (int i = 0; i < count; i++)
        {
            Relation relation = _relations.Find((uint)reader.Int32()) ?? throw RowMessages.Undescribed();
            if (relation.IsCaptured) tables.Add(relation.Schema);
        }

        // The steps count what the source did, not what is carried of it: filters may differ between two runs.
        uint step = NextSteps();
        if (tables.Count == 0) return;
        const byte cascade = 1, restartIdentity = 2;
        CommitTs at = new(0, step);
        _transaction.Add(new TruncateEvent(
            new(new(at, false), new Influence.Normal([])), new(at, 0, 0), [.. tables],
            (options & cascade) != 0, (options & restartIdentity) != 0));
    }

    void Message(PgMessageReader reader)
    {
        const byte transactional = 1;
        byte flags = reader.Byte();
        reader.UInt64(); // Where it stands in the log.
        string prefix = reader.Text();
        ReadOnlySpan<byte> content = reader.Bytes(reader.Int32());
        reader.End();
        // Without a transaction a message has no place among commits, and a restart could not tell whether it was
        // carried.
        if ((flags & transactional) == 0) return;
        InTransaction();
        if (!prefix.StartsWith("cdc.", StringComparison.Ordinal)) _rows.Message(prefix, content);
        else if (_options.Capture == DdlCaptureMode.Trigger && prefix == _options.DdlPrefix) Ddl(content);
    }

    static void Origin(PgMessageReader reader)
    {
        reader.UInt64();
        reader.Text();
        reader.End();
    }

    // A type's name; the catalogs say more.
    static void Type(PgMessageReader reader)
    {
        reader.Int32();
        reader.Text();
        reader.Text();
        reader.End();
    }

    void InTransaction()
    {
        if (!IsOpen) throw PgMessageReader.Violation("a change comes outside a transaction");
    }

    /// <summary>Cuts the transaction; answers the step of what cuts it. Rows that follow have the step after.</summary>
    uint NextSteps()
    {
        if (_writer.Step + 2 >= CommitTs.FirstSnapshotStep)
        {
            throw new CdcException(FailureKind.SourceUnfit,
                $"One transaction has more than {CommitTs.FirstSnapshotStep / 2} schema changes and TRUNCATEs.",
                "Split it into several transactions, drop the changefeed and start again with a new snapshot.");
        }
        _writer.Seal();
        TakeCompleted();
        _writer.NextStep();
        uint step = _writer.Step;
        _writer.NextStep();
        return step;
    }

    // Batches of closed transactions come first; what belongs to the open one waits for its commit.
    void TakeCompleted()
    {
        bool handedOver = false;
        List<RowBatch> completed = _writer.Completed;
        int taken = 0;
        try
        {
            for (; taken < completed.Count; taken++)
            {
                RowBatch batch = completed[taken];
                if (batch.LastTs.Commit == 0) _transaction.Add(batch);
                else
                {
                    _decoded.Rows(batch);
                    handedOver = true;
                }
            }
        }
        finally
        {
            completed.RemoveRange(0, taken);
        }
        if (handedOver) Resolve(_last.Ts, _last.CommitTime);
    }

    void Resolve(CommitTs at, long time)
    {
        if (at <= _resolved) return;
        Check.That(!_writer.HasClosedRows);
        _resolved = at;
        _decoded.Resolved(at, time);
    }
}
