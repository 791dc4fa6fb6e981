using static Cdc.Protocol.Messages.Wire.Values;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>About which spans run where, and how far they are.</summary>
static class ScheduleShapes
{
    public static readonly Shape<ComponentState> State = new OneByte<ComponentState>();

    public static readonly Shape<ScheduleItem> Item = Fields.Of<ScheduleItem>()
        .With("Action", new OneByte<ScheduleAction>(), static v => v.Action)
        .With("Operation", new OneByte<OperationKind>(), static v => v.Operation)
        .With("Id", Dispatcher, static v => v.Id)
        .With("Owner", Owners, static v => v.Owner)
        .With("Span", Span, static v => v.Span)
        .With("Schema", Name, static v => v.Schema)
        .With("Start", Ts, static v => v.Start)
        .With("Copies", Bool, static v => v.Copies)
        .Make(static (action, operation, id, owner, span, schema, start, copies) =>
            new(action, operation, id, owner, span, schema, start, copies));

    public static readonly Shape<MergeItem> Merge = Fields.Of<MergeItem>()
        .With("Id", Dispatcher, static v => v.Id)
        .With("Owner", Owners, static v => v.Owner)
        .With("Span", Span, static v => v.Span)
        .With("Schema", Name, static v => v.Schema)
        .With("Sources", new Many<DispatcherId>(Dispatcher), static v => v.Sources)
        .Make(static (id, owner, span, schema, sources) => new(id, owner, span, schema, sources));

    static readonly Shape<Watermark> Watermark = Fields.Of<Watermark>()
        .With("Sequence", Number, static v => v.Sequence)
        .With("Checkpoint", PerhapsTs, static v => v.Checkpoint)
        .Make(static (sequence, checkpoint) => new(sequence, checkpoint));

    static readonly Shape<SpanStatus> Status = Fields.Of<SpanStatus>()
        .With("Id", Dispatcher, static v => v.Id)
        .With("Owner", Owners, static v => v.Owner)
        .With("State", State, static v => v.State)
        .With("Checkpoint", Ts, static v => v.Checkpoint)
        .With("Copied", PerhapsTs, static v => v.Copied)
        .With("Held", new Perhaps<FaultKind>(ChangefeedShapes.Fault), static v => v.Held)
        .Make(static (id, owner, state, checkpoint, copied, held) => new(id, owner, state, checkpoint, copied, held));

    public static readonly Shape<ScheduleRequest> Request = Fields.Of<ScheduleRequest>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Mode", Modes, static v => v.Mode)
        .With("Items", new Many<ScheduleItem>(Item), static v => v.Items)
        .Make(static (epoch, mode, items) => new(epoch, mode, items));

    public static readonly Shape<MergeRequest> MergeRequest = Fields.Of<MergeRequest>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Mode", Modes, static v => v.Mode)
        .With("Item", Merge, static v => v.Item)
        .Make(static (epoch, mode, item) => new(epoch, mode, item));

    public static readonly Shape<Heartbeat> Heartbeat = Fields.Of<Heartbeat>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Mode", Modes, static v => v.Mode)
        .With("Watermark", Watermark, static v => v.Watermark)
        .With("Statuses", new Many<SpanStatus>(Status), static v => v.Statuses)
        .With("IsComplete", Bool, static v => v.IsComplete)
        .With("Failures", new Many<NodeFailure>(ChangefeedShapes.Failure), static v => v.Failures)
        .Make(static (epoch, mode, watermark, statuses, isComplete, failures) =>
            new(epoch, mode, watermark, statuses, isComplete, failures));

    static readonly Shape<SpanTraffic> Traffic = Fields.Of<SpanTraffic>()
        .With("Id", Dispatcher, static v => v.Id)
        .With("Owner", Owners, static v => v.Owner)
        .With("Written", Number, static v => v.Written)
        .Make(static (id, owner, written) => new(id, owner, written));

    public static readonly Shape<TrafficReport> TrafficReport = Fields.Of<TrafficReport>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Mode", Modes, static v => v.Mode)
        .With("Spans", new Many<SpanTraffic>(Traffic), static v => v.Spans)
        .Make(static (epoch, mode, spans) => new(epoch, mode, spans));

    public static readonly Shape<CheckpointNotice> Notice = Fields.Of<CheckpointNotice>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Checkpoint", Ts, static v => v.Checkpoint)
        .Make(static (epoch, checkpoint) => new(epoch, checkpoint));
}
