using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Dispatching;

/// <summary>What has come of a session and whose turn has not come. Its rows are bounded by the credit that the
/// collector gives; block events stop the service's next.</summary>
sealed class Inbox
{
    readonly Queue<Item> _items = new();

    readonly record struct Item(RowBatch Rows, BlockEventId Event, BlockPayload? Payload);

    public bool IsEmpty => _items.Count == 0;

    public void Add(RowBatch rows) => _items.Enqueue(new(rows, default, null));

    public void Add(BlockEventId id, BlockPayload payload) => _items.Enqueue(new(default, id, payload));

    public bool TryTakeBlock(out BlockEventId id, out BlockPayload? payload)
    {
        (id, payload) = (default, null);
        if (!_items.TryPeek(out Item item) || item.Payload is null) return false;
        (id, payload) = (item.Event, item.Payload);
        _items.Dequeue();
        return true;
    }

    public bool TryPeekRows(out RowBatch rows)
    {
        bool isRows = _items.TryPeek(out Item item) && item.Payload is null;
        rows = item.Rows;
        return isRows;
    }

    public void Drop() => _items.Dequeue();

    /// <summary>Answers how many bytes of rows were dropped.</summary>
    public long Clear()
    {
        long bytes = 0;
        foreach (Item item in _items) bytes += item.Rows.Payload.Length;
        _items.Clear();
        return bytes;
    }
}
