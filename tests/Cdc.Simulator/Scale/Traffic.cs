using System.Buffers;
using Cdc.Protocol;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Scale;

/// <summary>Counts what is said, by kind of message, as it goes over the wire.</summary>
public sealed class Traffic
{
    readonly ArrayBufferWriter<byte> _bytes = new();
    readonly SortedDictionary<string, (long Messages, long Bytes)> _kinds = new(StringComparer.Ordinal);
    readonly HashSet<(DispatcherId, BlockStage, BlockAction?)> _reported = [];

    public IReadOnlyDictionary<string, (long Messages, long Bytes)> Kinds => _kinds;

    public long Messages => _kinds.Values.Sum(static kind => kind.Messages);

    public long Bytes => _kinds.Values.Sum(static kind => kind.Bytes);

    /// <summary>Reports of block events that were sent.</summary>
    public long Statuses { get; private set; }

    /// <summary>Of them, those that said nothing new.</summary>
    public long Repeats => Statuses - _reported.Count;

    public long MessagesOf(string kind) => _kinds.GetValueOrDefault(kind).Messages;

    /// <summary>Encodes and decodes a message, and counts it.</summary>
    public Message Carry(Message message)
    {
        _bytes.ResetWrittenCount();
        WireFormat.Write(message, _bytes);
        string kind = message.GetType().Name;
        (long messages, long bytes) = _kinds.GetValueOrDefault(kind);
        _kinds[kind] = (messages + 1, bytes + _bytes.WrittenCount);
        if (message is BlockStatusRequest request)
        {
            Statuses += request.Statuses.Length;
            foreach (BlockStatus status in request.Statuses)
                _reported.Add((status.Dispatcher, status.Stage, status.Action));
        }

        return WireFormat.TryRead(_bytes.WrittenSpan, out Message? read, out string? error)
            ? read
            : throw new InvalidOperationException(error);
    }

    public void Clear()
    {
        _kinds.Clear();
        _reported.Clear();
        Statuses = 0;
    }
}
