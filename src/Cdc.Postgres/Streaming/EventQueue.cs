using System.Threading.Channels;
using Cdc.Engine;
using Cdc.Engine.Rows;
using Cdc.Engine.Sources;
using Cdc.Postgres.Decoding;
using Cdc.Protocol;

namespace Cdc.Postgres.Streaming;

/// <summary>Between the thread that reads the log and whoever takes the events. Bounded, in events and in bytes of
/// rows, of which one can be as large as a gigabyte: a full queue stops the reading, and TCP then stops the
/// server.</summary>
internal sealed class EventQueue(int capacity, SafePositions positions, CancellationToken stop) : IDecoded
{
    readonly Channel<SourceEvent> _channel = Channel.CreateBounded<SourceEvent>(
        new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });

    readonly SemaphoreSlim _taken = new(0);
    ulong _received;
    long _bytes;
    bool _isFull;
    bool _isHeavy;

    public ChannelReader<SourceEvent> Reader => _channel.Reader;

    /// <summary>The last position that everything was put in the queue for. Any thread.</summary>
    public ulong Received => Volatile.Read(ref _received);

    /// <summary>Whether reading waits for the receiver. Any thread.</summary>
    public bool IsFull => Volatile.Read(ref _isFull);

    public void Rows(RowBatch batch)
    {
        WaitForRoom(batch.ByteCount);
        Interlocked.Add(ref _bytes, batch.ByteCount);
        Put(new SourceEvent.Rows(batch));
    }

    public void Block(BlockChange change) => Put(new SourceEvent.Block(change));

    public void Resolved(CommitTs at, long time)
    {
        // Known as safe before the receiver can confirm it.
        positions.Resolved(at.Commit);
        Put(new SourceEvent.Resolved(at, time));
        Volatile.Write(ref _received, at.Commit);
    }

    /// <summary>The receiver has got an event.</summary>
    public void Taken(SourceEvent @event)
    {
        if (@event is not SourceEvent.Rows rows) return;
        Interlocked.Add(ref _bytes, -rows.Batch.ByteCount);
        if (Volatile.Read(ref _isHeavy)) _taken.Release();
    }

    /// <summary>Nothing more comes: at the end of what waits, the receiver is told why, or finds the end.</summary>
    public void Complete(Exception? failure) => _channel.Writer.TryComplete(failure);

    /// <summary>Gives back what nobody will take. Only after <see cref="Complete"/>.</summary>
    public void Release()
    {
        while (_channel.Reader.TryRead(out SourceEvent? left))
        {
            if (left is SourceEvent.Rows rows) rows.Batch.Release();
        }
    }

    // A batch that alone is larger than the bound waits alone.
    void WaitForRoom(int bytes)
    {
        while (Interlocked.Read(ref _bytes) is > 0 and var waiting && waiting + bytes > Limits.SourceBytesWaiting)
        {
            Volatile.Write(ref _isFull, true);
            Volatile.Write(ref _isHeavy, true);
            Interlocked.MemoryBarrier();
            // What was taken before the flag could be seen is not announced.
            if (Interlocked.Read(ref _bytes) == waiting) _taken.Wait(stop);
            Volatile.Write(ref _isHeavy, false);
            Volatile.Write(ref _isFull, false);
        }
    }

    void Put(SourceEvent @event)
    {
        while (!_channel.Writer.TryWrite(@event))
        {
            Volatile.Write(ref _isFull, true);
            // On the reader's own thread, which has nothing else to do.
            _channel.Writer.WaitToWriteAsync(stop).AsTask().GetAwaiter().GetResult();
            Volatile.Write(ref _isFull, false);
        }
    }
}
