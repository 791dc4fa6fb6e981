using System.Threading.Channels;
using Cdc.Engine.Rows;
using Cdc.Engine.Sources;
using Cdc.Postgres.Decoding;
using Cdc.Protocol;

namespace Cdc.Postgres.Streaming;

/// <summary>Between the thread that reads the log and whoever takes the events. Bounded: a full queue stops the
/// reading, and TCP then stops the server.</summary>
internal sealed class EventQueue(int capacity, SafePositions positions, CancellationToken stop) : IDecoded
{
    readonly Channel<SourceEvent> _channel = Channel.CreateBounded<SourceEvent>(
        new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });

    ulong _received;
    bool _isFull;

    public ChannelReader<SourceEvent> Reader => _channel.Reader;

    /// <summary>The last position that everything was put in the queue for. Any thread.</summary>
    public ulong Received => Volatile.Read(ref _received);

    /// <summary>Whether reading waits for the receiver. Any thread.</summary>
    public bool IsFull => Volatile.Read(ref _isFull);

    public void Rows(RowBatch batch) => Put(new SourceEvent.Rows(batch));

    public void Block(BlockChange change) => Put(new SourceEvent.Block(change));

    public void Resolved(CommitTs at, long time)
    {
        // Known as safe before the receiver can confirm it.
        positions.Resolved(at.Commit);
        Put(new SourceEvent.Resolved(at, time));
        Volatile.Write(ref _received, at.Commit);
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
