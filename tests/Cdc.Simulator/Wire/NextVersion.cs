using System.Reflection;
using Cdc.Protocol;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Messages.Wire;

namespace Cdc.Simulator.Wire;

/// <summary>A next version of the wire form that is only pretended: records of every depth have a field more, and there
/// is one message more. It is made of the definitions of the present one, as a real next one would be.</summary>
static class NextVersion
{
    public const byte Number = WireFormat.Version + 1;

    const byte NodeLoadTag = 250;

    public static Cases<Message> All { get; } = Extend();

    public static Versioned<Message> Messages { get; } = new(All, WireFormat.OldestVersion, Number);

    public static Versioned<ChangefeedRecord> Records { get; } = new(
        new Grown<ChangefeedRecord>(
            (Shape<ChangefeedRecord>)ChangefeedRecordFormat.Shape, static v => v.Epochs.Latest.Value),
        ChangefeedRecordFormat.OldestVersion,
        Number);

    static Cases<Message> Extend()
    {
        Dictionary<Type, IShape> grown = new()
        {
            [typeof(Heartbeat)] = OfHeartbeat(),
            [typeof(BlockStatusRequest)] = OfStatuses(),
            [typeof(StreamBatch)] = OfBatch(),
            [typeof(EpochGrant)] = new Grown<EpochGrant>(Part<EpochGrant>(), static v => v.Epoch.Value),
            [typeof(Credit)] = new Grown<Credit>(Part<Credit>(), static v => (ulong)v.GrantedBytes),
        };
        Cases<Message> all = new("Message");
        foreach ((byte tag, IShape shape) in MessageShapes.All.All)
        {
            Type type = ValueOf(shape);
            Add(all, type, tag, grown.GetValueOrDefault(type, shape));
        }

        return all.With(NodeLoadTag, Fields.Of<NodeLoad>()
            .With("Node", Values.Node, static v => v.Node)
            .With("Load", Values.Number, static v => v.Load)
            .Make(static (node, load) => new(node, load)), Number);
    }

    static Grown<Heartbeat> OfHeartbeat()
    {
        Grown<SpanStatus> status = new(Part<SpanStatus>(), static v => v.Owner.Number);
        Shape<Heartbeat> heartbeat = Fields.Of<Heartbeat>()
            .With("Epoch", Values.Epochs, static v => v.Epoch)
            .With("Mode", Values.Modes, static v => v.Mode)
            .With("Watermark", Part<Watermark>(), static v => v.Watermark)
            .With("Statuses", new Many<SpanStatus>(status), static v => v.Statuses)
            .With("IsComplete", Values.Bool, static v => v.IsComplete)
            .With("Failures", new Many<NodeFailure>(Part<NodeFailure>()), static v => v.Failures)
            .Make(static (epoch, mode, watermark, statuses, isComplete, failures) =>
                new(epoch, mode, watermark, statuses, isComplete, failures));
        return new(heartbeat, static v => v.Watermark.Sequence);
    }

    static Shape<BlockStatusRequest> OfStatuses()
    {
        Grown<BlockStatus> status = new(Part<BlockStatus>(), static v => v.Event.At.Commit);
        return Fields.Of<BlockStatusRequest>()
            .With("Epoch", Values.Epochs, static v => v.Epoch)
            .With("Mode", Values.Modes, static v => v.Mode)
            .With("Statuses", new Many<BlockStatus>(status), static v => v.Statuses)
            .Make(static (epoch, mode, statuses) => new(epoch, mode, statuses));
    }

    static Shape<StreamBatch> OfBatch()
    {
        Cases<StreamItem> item = new Cases<StreamItem>("StreamItem")
            .With(1, Part<StreamItem.Handshake>())
            .With(2, new Grown<StreamItem.Rows>(Part<StreamItem.Rows>(), static v => v.At.Commit))
            .With(3, Part<StreamItem.Block>())
            .With(4, new Grown<StreamItem.Resolved>(Part<StreamItem.Resolved>(), static v => v.Ts.Commit))
            .With(5, Part<StreamItem.Positions>());
        return Fields.Of<StreamBatch>()
            .With("Stream", Values.Number, static v => v.Stream)
            .With("First", Values.Signed, static v => v.First)
            .With("SentBytes", Values.Signed, static v => v.SentBytes)
            .With("Items", new Many<StreamItem>(item), static v => v.Items)
            .Make(static (stream, first, sentBytes, items) => new(stream, first, sentBytes, items));
    }

    /// <summary>The present definition of a type, wherever it is used.</summary>
    static Shape<T> Part<T>() => Find<T>(MessageShapes.All, []) ?? throw new InvalidOperationException(typeof(T).Name);

    static Shape<T>? Find<T>(IShape shape, HashSet<IShape> seen)
    {
        if (shape is Shape<T> found) return found;
        if (!seen.Add(shape)) return null;
        foreach (IShape part in shape.Parts)
        {
            if (Find<T>(part, seen) is { } below) return below;
        }

        return null;
    }

    static Type ValueOf(IShape shape)
    {
        Type type = shape.GetType();
        while (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(Shape<>)) type = type.BaseType!;
        return type.GenericTypeArguments[0];
    }

    static void Add(Cases<Message> all, Type type, byte tag, IShape shape)
    {
        MethodInfo with = typeof(Cases<Message>).GetMethod(nameof(Cases<>.With))!;
        with.MakeGenericMethod(type).Invoke(all, [tag, shape, WireFormat.OldestVersion]);
    }
}
