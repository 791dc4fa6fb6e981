using System.Buffers.Binary;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Rows;

/// <summary>Rows of one table under one schema, in commit order: a run of one block's memory.</summary>
/// <remarks>Whoever holds the batch last calls <see cref="Release"/>; reading it afterwards is a bug. One thread at a
/// time.</remarks>
public sealed class RowBatch
{
    readonly RowBlock _block;
    readonly int _start;
    readonly int _end;
    readonly CommitStamps _stamps;
    int _released;

    readonly int _firstStamp;
    readonly int _lastStamp;

    internal RowBatch(TableSchema schema, RowBlock block, Range bytes, int count, CommitStamps stamps, Range stampsUsed)
    {
        Check.That(count > 0);
        (Schema, _block, Count, _stamps) = (schema, block, count, stamps);
        (_start, _end) = (bytes.Start.Value, bytes.End.Value);
        (_firstStamp, _lastStamp) = (stampsUsed.Start.Value, stampsUsed.End.Value - 1);
        block.AddReference();
    }

    /// <summary>The schema all rows were written under.</summary>
    public TableSchema Schema { get; private set; }

    /// <summary>Number of rows, at least one.</summary>
    public int Count { get; }

    /// <summary>Bytes that the rows take as stored.</summary>
    public int ByteCount => _end - _start;

    /// <summary>Position of the first row.</summary>
    public CommitTs FirstTs => _stamps[_firstStamp].Ts;

    /// <summary>Position of the last row.</summary>
    public CommitTs LastTs => _stamps[_lastStamp].Ts;

    /// <summary>Commit of the last row.</summary>
    public CommitStamp LastStamp => _stamps[_lastStamp];

    /// <summary>Both stages of the sink's answer. Set by the dispatcher before the batch goes to the sink.</summary>
    public Acknowledgement Acknowledgement { get; set; } = new();

    /// <summary>The rows as stored, for keeping a batch elsewhere.</summary>
    public ReadOnlySpan<byte> Raw => _block.Memory.AsSpan(_start, _end - _start);

    internal CommitStamps Stamps => _stamps;
    internal Range StampsUsed => _firstStamp..(_lastStamp + 1);

    public Enumerator GetEnumerator() => new(Raw, _stamps);

    /// <summary>The row that begins at an offset of <see cref="Raw"/>; the next one begins where its bytes
    /// end.</summary>
    public Row RowAt(int offset)
    {
        ReadOnlySpan<byte> rest = Raw[offset..];
        return new(rest[..BinaryPrimitives.ReadInt32LittleEndian(rest)], _stamps);
    }

    /// <summary>Takes the final version of the schema that its rows were written under while it was
    /// provisional.</summary>
    public void Install(TableSchema version)
    {
        Check.That(version.Columns.Length == Schema.Columns.Length);
        Schema = version;
    }

    /// <summary>Gives the memory back. More than once is harmless.</summary>
    public void Release()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0) _block.Release();
    }

    /// <summary>The rows before the last position, and those at it, over the same memory: what comes later can only add
    /// to the latter. The head is null if all rows share one position. The caller releases both; this batch keeps its
    /// own reference, and its acknowledgement.</summary>
    public (RowBatch? Head, RowBatch Tail) CutLastPosition()
    {
        ReadOnlySpan<byte> raw = Raw;
        CommitTs last = LastTs;
        int cut = 0;
        int headRows = 0;
        int headStamp = _firstStamp;
        for (int at = 0; at < raw.Length; at += BinaryPrimitives.ReadInt32LittleEndian(raw[at..]))
        {
            int stamp = BinaryPrimitives.ReadInt32LittleEndian(raw[(at + 12)..]);
            if ((stamp != headStamp || headRows == 0) && _stamps[stamp].Ts == last)
            {
                cut = at;
                break;
            }
            (headStamp, headRows) = (stamp, headRows + 1);
        }
        int middle = _start + cut;
        RowBatch? head = cut == 0
            ? null
            : new(Schema, _block, _start..middle, headRows, _stamps, _firstStamp..(headStamp + 1));
        int tailStamp = BinaryPrimitives.ReadInt32LittleEndian(raw[(cut + 12)..]);
        return (head, new(Schema, _block, middle.._end, Count - headRows, _stamps, tailStamp..(_lastStamp + 1)));
    }

    /// <summary>Walks the rows once.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> bytes, CommitStamps stamps)
    {
        ReadOnlySpan<byte> _rest = bytes;
        ReadOnlySpan<byte> _row;

        public readonly Row Current => new(_row, stamps);

        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;
            int length = BinaryPrimitives.ReadInt32LittleEndian(_rest);
            _row = _rest[..length];
            _rest = _rest[length..];
            return true;
        }
    }
}
