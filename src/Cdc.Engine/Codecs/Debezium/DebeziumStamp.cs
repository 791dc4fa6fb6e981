using System.Text;
using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Engine.Codecs.Debezium;

/// <summary>The pieces of a line that are the same for every row of one step of one transaction.</summary>
/// <param name="name">The source's name as JSON.</param>
/// <param name="database">The database's name as JSON.</param>
internal sealed class DebeziumStamp(byte[] name, byte[] database)
{
    // The version whose form this is; consumers switch on it.
    const string Version = "3.0.0.Final";

    readonly Pieces _head = new();
    readonly Pieces _position = new();
    readonly Pieces _place = new();
    readonly Pieces _times = new();
    CommitStamp _stamp;
    bool _isSnapshot;
    bool _isSet;

    /// <summary>Prepares the pieces; nothing happens if they are this stamp's already.</summary>
    public void Set(CommitStamp stamp, bool isSnapshot)
    {
        if (_isSet && stamp == _stamp && isSnapshot == _isSnapshot) return;
        (_stamp, _isSnapshot, _isSet) = (stamp, isSnapshot, true);
        SetHead();
        SetPosition();
        _times.Start("\",\"ts_ms\":"u8).Number(Millis).Text(",\"ts_us\":"u8).Number(stamp.CommitTime)
            .Text(",\"ts_ns\":"u8).Number(unchecked(stamp.CommitTime * 1000));
    }

    /// <summary>Writes the source's fields up to the table's names.</summary>
    public void WriteSource(ref Utf8Output output) => output.Write(_head.Bytes);

    /// <summary>Writes the source's last fields and the transaction.</summary>
    public void WritePosition(ref Utf8Output output, uint sequence)
    {
        output.Write(_position.Bytes);
        if (HasTransaction) WriteOrder(ref output, sequence);
    }

    /// <summary>Writes the source's last fields, where no transaction follows.</summary>
    public void WritePlace(ref Utf8Output output) => output.Write(_place.Bytes);

    /// <summary>Writes the times, from the end of <c>op</c> on.</summary>
    public void WriteTimes(ref Utf8Output output) => output.Write(_times.Bytes);

    /// <summary>The first of the times, from the end of <c>op</c> on: what a message has.</summary>
    public void WriteMillis(ref Utf8Output output)
    {
        output.Write("\",\"ts_ms\":"u8);
        Pieces.WriteNumber(ref output, Millis);
    }

    public long Millis => Math.DivRem(_stamp.CommitTime, 1000, out long rest) - (rest < 0 ? 1 : 0);

    // Rows of a snapshot and messages outside of a transaction belong to none.
    bool HasTransaction => !_isSnapshot && _stamp.Xid != 0;

    void SetHead() => _head
        .Start("\"source\":{\"version\":\""u8).Text(Encoding.UTF8.GetBytes(Version))
        .Text("\",\"connector\":\"postgresql\",\"name\":"u8).Text(name)
        .Text(",\"ts_ms\":"u8).Number(Millis)
        .Text(_isSnapshot ? ",\"snapshot\":\"true\",\"db\":"u8 : ",\"snapshot\":\"false\",\"db\":"u8).Text(database)
        .Text(",\"sequence\":\"[\\\""u8).Number(_stamp.Ts.Commit).Text("\\\",\\\""u8).Number(_stamp.Ts.Commit)
        .Text("\\\"]\",\"ts_us\":"u8).Number(_stamp.CommitTime)
        .Text(",\"ts_ns\":"u8).Number(unchecked(_stamp.CommitTime * 1000)).Text(","u8);

    void SetPosition()
    {
        _place.Start("\"txId\":"u8);
        if (HasTransaction) _place.Number(_stamp.Xid);
        else _place.Text("null"u8);
        _place.Text(",\"lsn\":"u8).Number(_stamp.Ts.Commit).Text(",\"xmin\":null}"u8);
        _position.Start(_place.Bytes).Text(",\"transaction\":"u8);
        if (!HasTransaction) _position.Text("null"u8);
        else _position
            .Text("{\"id\":\""u8).Number(_stamp.Xid).Text(":"u8).Number(_stamp.Ts.Commit).Text("\",\"total_order\":"u8);
    }

    // Ascending in the transaction and in the table and the same on every replay; not without gaps.
    void WriteOrder(ref Utf8Output output, uint sequence)
    {
        long order = ((long)_stamp.Ts.Step << 32) + sequence + 1;
        Pieces.WriteNumber(ref output, order);
        output.Write(",\"data_collection_order\":"u8);
        Pieces.WriteNumber(ref output, order);
        output.Write((byte)'}');
    }
}
