using static Cdc.Protocol.Messages.Wire.Values;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>About taking over, and about closing.</summary>
static class BootstrapShapes
{
    static readonly Shape<BlockSnapshot> Block = Fields.Of<BlockSnapshot>()
        .With("Event", Event, static v => v.Event)
        .With("Stage", BlockShapes.Stage, static v => v.Stage)
        .With("Payload", BlockShapes.Payload, static v => v.Payload)
        .Make(static (id, stage, payload) => new(id, stage, payload));

    static readonly Shape<SpanSnapshot> SpanSnapshot = Fields.Of<SpanSnapshot>()
        .With("Mode", Modes, static v => v.Mode)
        .With("Id", Dispatcher, static v => v.Id)
        .With("Owner", Owners, static v => v.Owner)
        .With("Span", Span, static v => v.Span)
        .With("Schema", Name, static v => v.Schema)
        .With("State", ScheduleShapes.State, static v => v.State)
        .With("Checkpoint", Ts, static v => v.Checkpoint)
        .With("Block", new PerhapsRecord<BlockSnapshot>(Block), static v => v.Block)
        .Make(static (mode, id, owner, span, schema, state, checkpoint, block) =>
            new(mode, id, owner, span, schema, state, checkpoint, block));

    static readonly Shape<OperationSnapshot> Operation = Fields.Of<OperationSnapshot>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Mode", Modes, static v => v.Mode)
        .With("Item", new PerhapsRecord<ScheduleItem>(ScheduleShapes.Item), static v => v.Item)
        .With("Merge", new PerhapsRecord<MergeItem>(ScheduleShapes.Merge), static v => v.Merge)
        .Make(static (epoch, mode, item, merge) => new(epoch, mode, item, merge));

    public static readonly Shape<BootstrapRequest> Request = Fields.Of<BootstrapRequest>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Checkpoint", Ts, static v => v.Checkpoint)
        .With("Triggers", new Many<DispatcherId>(Dispatcher), static v => v.Triggers)
        .Make(static (epoch, checkpoint, triggers) => new(epoch, checkpoint, triggers));

    public static readonly Shape<BootstrapResponse> Response = Fields.Of<BootstrapResponse>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Spans", new Many<SpanSnapshot>(SpanSnapshot), static v => v.Spans)
        .With("Operations", new Many<OperationSnapshot>(Operation), static v => v.Operations)
        .With("Refusal", new PerhapsRecord<string>(Sentence), static v => v.Refusal)
        .Make(static (epoch, spans, operations, refusal) => new(epoch, spans, operations, refusal));

    public static readonly Shape<PostBootstrapRequest> PostRequest = Fields.Of<PostBootstrapRequest>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .Make(static epoch => new(epoch));

    public static readonly Shape<PostBootstrapResponse> PostResponse = Fields.Of<PostBootstrapResponse>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .Make(static epoch => new(epoch));

    public static readonly Shape<CloseRequest> CloseRequest = Fields.Of<CloseRequest>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Remove", Bool, static v => v.Remove)
        .Make(static (epoch, remove) => new(epoch, remove));

    public static readonly Shape<CloseResponse> CloseResponse = Fields.Of<CloseResponse>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("IsClosed", Bool, static v => v.IsClosed)
        .Make(static (epoch, isClosed) => new(epoch, isClosed));
}
