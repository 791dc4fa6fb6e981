using System.Buffers.Binary;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Rows;

/// <summary>Writes rows, cell by cell, into pooled blocks, and cuts them into batches of one table each.</summary>
/// <remarks>
/// <para>Use: <see cref="Begin"/>; per row <see cref="StartRow"/>, the cells of the old image if there is one,
/// <see cref="StartNewImage"/>, the cells of the new one, <see cref="EndRow"/>; <see cref="Commit"/>.</para>
/// <para>A transaction's position is unknown while it is open: batches that hold rows of it appear in
/// <see cref="Completed"/>, and must not be handed on before <see cref="Commit"/>, which fills the position in.
/// A batch may hold the rows of many transactions, but never rows of closed ones and of the open one;
/// <see cref="Seal"/> cuts it short when nobody should wait longer.</para>
/// <para>One thread at a time.</para>
/// </remarks>
public sealed class RowWriter(RowBlockPool pool)
{
    readonly List<RowBatch> _completed = [];
    readonly List<(CommitStamps Stamps, int Index)> _open = [];
    RowBlock? _block;
    byte[] _memory = [];
    CommitStamps _stamps = new();
    TableSchema? _schema;
    CommitStamp _stamp;
    int _stampIndex = -1;
    int _firstStamp;
    int _lastStamp;
    int _runStart;
    int _count;
    int _closedCount;
    int _closedEnd;
    int _closedLastStamp;
    int _openFirstStamp;
    int _row;
    int _position;
    int _oldLength;
    uint _sequence;
    Op _op;

    /// <summary>Batches that are cut, in order. The caller takes them out.</summary>
    public List<RowBatch> Completed => _completed;

    /// <summary>Bytes of rows that wait in the batch not yet cut.</summary>
    public int UnsealedBytes => _position - _runStart;

    /// <summary>Whether the batch not yet cut holds rows of transactions that are closed: nothing but the cut keeps
    /// them from being handed on.</summary>
    public bool HasClosedRows => _closedCount > 0;

    /// <summary>The step in which rows are written now.</summary>
    public uint Step => _stamp.Ts.Step;

    /// <summary>Opens a transaction, or a part of a snapshot whose position is known from the start.</summary>
    public void Begin(CommitStamp stamp, uint firstSequence = 0)
    {
        Check.That(_open.Count == 0);
        (_stamp, _sequence, _stampIndex) = (stamp, firstSequence, -1);
    }

    /// <summary>Cuts the transaction: what follows is its next step.</summary>
    public void NextStep()
    {
        Check.That(_stamp.Ts.Step < CommitTs.MaxStep);
        _stamp = _stamp with { Ts = _stamp.Ts with { Step = _stamp.Ts.Step + 1 } };
        (_sequence, _stampIndex) = (0, -1);
    }

    /// <summary>The number the next row would have, taken by something that is not a row.</summary>
    public uint TakeSequence() => _sequence++;

    /// <summary>Closes the transaction at its position. Its rows, in whichever batch they are, now carry it.</summary>
    public void Commit(ulong commit, long commitTime)
    {
        foreach ((CommitStamps stamps, int index) in _open)
        {
            CommitStamp stamp = stamps[index];
            stamps[index] = stamp with { Ts = stamp.Ts with { Commit = commit }, CommitTime = commitTime };
        }
        Close();
    }

    /// <summary>Ends a transaction, or part of a snapshot, that had its position from the start.</summary>
    public void Close()
    {
        _open.Clear();
        _stampIndex = -1;
        (_closedCount, _closedEnd, _closedLastStamp) = (_count, _position, _lastStamp);
    }

    public void StartRow(TableSchema schema, Op op)
    {
        if (!ReferenceEquals(schema, _schema) || _block is null)
        {
            Seal();
            _schema = schema;
        }
        if (_block is null) TakeBlock(0);
        if (_stampIndex < 0) AddStamp();
        (_row, _op, _oldLength) = (_position, op, 0);
        Reserve(Row.HeaderSize);
        _position += Row.HeaderSize;
    }

    /// <summary>What came since <see cref="StartRow"/> was the old image.</summary>
    public void StartNewImage() => _oldLength = _position - _row - Row.HeaderSize;

    public void Null() => Length(Cell.NullLength);

    public void Unchanged() => Length(Cell.UnchangedLength);

    public void Value(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Value(bytes.Length));

    /// <summary>Room for a value that the caller fills before it calls anything else.</summary>
    public Span<byte> Value(int length)
    {
        Reserve(sizeof(int) + length);
        BinaryPrimitives.WriteInt32LittleEndian(_memory.AsSpan(_position), length);
        Span<byte> room = _memory.AsSpan(_position + sizeof(int), length);
        _position += sizeof(int) + length;
        return room;
    }

    /// <summary>Shortens the value that <see cref="Value(int)"/> gave room for last.</summary>
    public void Shorten(int reserved, int used)
    {
        Check.That((uint)used <= (uint)reserved);
        _position -= reserved - used;
        BinaryPrimitives.WriteInt32LittleEndian(_memory.AsSpan(_position - used - sizeof(int)), used);
    }

    /// <summary>Copies cells that another row holds.</summary>
    public void Cells(Tuple tuple)
    {
        Reserve(tuple.Raw.Length);
        tuple.Raw.CopyTo(_memory.AsSpan(_position));
        _position += tuple.Raw.Length;
    }

    public void EndRow(OldImage oldImage = OldImage.None, RowFlags flags = RowFlags.None)
    {
        Span<byte> row = _memory.AsSpan(_row, _position - _row);
        BinaryPrimitives.WriteInt32LittleEndian(row, row.Length);
        BinaryPrimitives.WriteInt32LittleEndian(row[4..], _oldLength);
        BinaryPrimitives.WriteUInt32LittleEndian(row[8..], _sequence);
        BinaryPrimitives.WriteInt32LittleEndian(row[12..], _stampIndex);
        (row[16], row[17], row[18], row[19]) = ((byte)_op, (byte)oldImage, (byte)flags, 0);
        _sequence += _op == Op.Update && oldImage != OldImage.None ? 2u : 1u;
        if (_count == 0) _firstStamp = _stampIndex;
        if (_count == _closedCount) _openFirstStamp = _stampIndex;
        _count++;
        _lastStamp = _stampIndex;
    }

    /// <summary>Forgets the row begun last.</summary>
    public void DropRow() => _position = _row;

    /// <summary>The row written last, before anything else is written.</summary>
    public Row LastRow => new(_memory.AsSpan(_row, _position - _row), _stamps);

    /// <summary>Cuts the batch under way, so that it can be handed on. Nothing happens if it is empty.</summary>
    public void Seal()
    {
        if (_count == 0) return;
        if (_closedCount > 0 && _closedCount < _count)
        {
            int open = _count - _closedCount;
            Cut(_closedEnd, _closedCount, _closedLastStamp);
            (_firstStamp, _count) = (_openFirstStamp, open);
        }
        Cut(_position, _count, _lastStamp);
        if (_memory.Length - _position < Row.HeaderSize) ReleaseBlock();
    }

    /// <summary>Gives everything not handed on back to the pool: the connection is gone, or writing ends.</summary>
    public void Abandon()
    {
        (_count, _closedCount) = (0, 0);
        _open.Clear();
        ReleaseBlock();
        foreach (RowBatch batch in _completed) batch.Release();
        _completed.Clear();
    }

    void Cut(int end, int count, int lastStamp)
    {
        Check.That(_schema is not null);
        Check.That(_block is not null);
        _completed.Add(new(_schema, _block, _runStart..end, count, _stamps, _firstStamp..(lastStamp + 1)));
        (_runStart, _count, _closedCount) = (end, 0, 0);
    }

    void Length(int length)
    {
        Reserve(sizeof(int));
        BinaryPrimitives.WriteInt32LittleEndian(_memory.AsSpan(_position), length);
        _position += sizeof(int);
    }

    void Reserve(int bytes)
    {
        if (_memory.Length - _position < bytes) MoveRow(bytes);
    }

    // The row under way goes on in a new block; the rows before it are cut off as a batch.
    void MoveRow(int bytes)
    {
        RowBlock old = _block!;
        ReadOnlySpan<byte> begun = _memory.AsSpan(_row, _position - _row);
        CommitStamps oldStamps = _stamps;
        old.AddReference();
        int wanted = checked(begun.Length + bytes);
        _position = _row;
        Seal();
        ReleaseBlock();
        TakeBlock(wanted <= Limits.RowBlockBytes ? wanted : (int)Math.Min((long)wanted + wanted / 2, Array.MaxLength));
        if (oldStamps.Count > 0) AddStamp();
        begun.CopyTo(_memory);
        (_row, _position) = (0, begun.Length);
        old.Release();
    }

    void TakeBlock(int bytes)
    {
        _block = pool.Take(Math.Max(bytes, (int)Limits.RowBlockBytes));
        _memory = _block.Memory;
        _stamps = new();
        (_runStart, _position, _row, _stampIndex, _count, _closedCount) = (0, 0, 0, -1, 0, 0);
    }

    void ReleaseBlock()
    {
        _block?.Release();
        (_block, _memory, _runStart, _position, _row) = (null, [], 0, 0, 0);
    }

    void AddStamp()
    {
        _stampIndex = _stamps.Add(_stamp);
        _open.Add((_stamps, _stampIndex));
    }
}
