using static Cdc.Protocol.Messages.Wire.Values;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>Between the two halves of event delivery.</summary>
static class SessionShapes
{
    static readonly Shape<SessionKey> Key = Fields.Of<SessionKey>()
        .With("Mode", Modes, static v => v.Mode)
        .With("Dispatcher", Dispatcher, static v => v.Dispatcher)
        .With("Registration", Number, static v => v.Registration)
        .Make(static (mode, dispatcher, registration) => new(mode, dispatcher, registration));

    static readonly Shape<SessionProgress> Progress = Fields.Of<SessionProgress>()
        .With("Session", Key, static v => v.Session)
        .With("Epoch", SessionEpochs, static v => v.Epoch)
        .With("Checkpoint", Ts, static v => v.Checkpoint)
        .Make(static (session, epoch, checkpoint) => new(session, epoch, checkpoint));

    static readonly Shape<SessionPosition> Position = Fields.Of<SessionPosition>()
        .With("Session", Key, static v => v.Session)
        .With("Epoch", SessionEpochs, static v => v.Epoch)
        .With("Number", Signed, static v => v.Number)
        .With("IsBehind", Bool, static v => v.IsBehind)
        .Make(static (session, epoch, number, isBehind) => new(session, epoch, number, isBehind));

    static readonly Shape<StreamItem> Item = new Cases<StreamItem>("StreamItem")
        .With(1, Fields.Of<StreamItem.Handshake>()
            .With("Session", Key, static v => v.Session)
            .With("Epoch", SessionEpochs, static v => v.Epoch)
            .With("Start", Ts, static v => v.Start)
            .Make(static (session, epoch, start) => new(session, epoch, start)))
        .With(2, Fields.Of<StreamItem.Rows>()
            .With("Session", Key, static v => v.Session)
            .With("Epoch", SessionEpochs, static v => v.Epoch)
            .With("Number", Signed, static v => v.Number)
            .With("At", Ts, static v => v.At)
            .With("IsLast", Bool, static v => v.IsLast)
            .With("Payload", Bytes, static v => v.Payload)
            .Make(static (session, epoch, number, at, isLast, payload) =>
                new(session, epoch, number, at, isLast, payload)))
        .With(3, Fields.Of<StreamItem.Block>()
            .With("Session", Key, static v => v.Session)
            .With("Epoch", SessionEpochs, static v => v.Epoch)
            .With("Number", Signed, static v => v.Number)
            .With("Event", Event, static v => v.Event)
            .With("Payload", BlockShapes.Payload, static v => v.Payload)
            .Make(static (session, epoch, number, id, payload) => new(session, epoch, number, id, payload)))
        .With(4, Fields.Of<StreamItem.Resolved>()
            .With("Ts", Ts, static v => v.Ts)
            .With("Sent", new Many<SessionPosition>(Position), static v => v.Sent)
            .With("IsComplete", Bool, static v => v.IsComplete)
            .With("Parts", Count, static v => v.Parts)
            .Make(static (ts, sent, isComplete, parts) => new(ts, sent, isComplete, parts)))
        .With(5, Fields.Of<StreamItem.Positions>()
            .With("Sent", new Many<SessionPosition>(Position), static v => v.Sent)
            .Make(static sent => new(sent)));

    public static readonly Shape<Register> Register = Fields.Of<Register>()
        .With("Session", Key, static v => v.Session)
        .With("Span", Span, static v => v.Span)
        .With("Start", Ts, static v => v.Start)
        .With("OnlyReuse", Bool, static v => v.OnlyReuse)
        .Make(static (session, span, start, onlyReuse) => new(session, span, start, onlyReuse));

    public static readonly Shape<Ready> Ready = Fields.Of<Ready>()
        .With("Session", Key, static v => v.Session)
        .Make(static session => new(session));

    public static readonly Shape<NotReusable> NotReusable = Fields.Of<NotReusable>()
        .With("Session", Key, static v => v.Session)
        .Make(static session => new(session));

    public static readonly Shape<Reset> Reset = Fields.Of<Reset>()
        .With("Session", Key, static v => v.Session)
        .With("Epoch", SessionEpochs, static v => v.Epoch)
        .With("Start", Ts, static v => v.Start)
        .Make(static (session, epoch, start) => new(session, epoch, start));

    public static readonly Shape<ResetRefused> ResetRefused = Fields.Of<ResetRefused>()
        .With("Session", Key, static v => v.Session)
        .With("Epoch", SessionEpochs, static v => v.Epoch)
        .With("Reason", Sentence, static v => v.Reason)
        .With("Kind", ChangefeedShapes.Fault, static v => v.Kind)
        .Make(static (session, epoch, reason, kind) => new(session, epoch, reason, kind));

    public static readonly Shape<Unregister> Unregister = Fields.Of<Unregister>()
        .With("Session", Key, static v => v.Session)
        .Make(static session => new(session));

    public static readonly Shape<SessionHeartbeat> Heartbeat = Fields.Of<SessionHeartbeat>()
        .With("Sessions", new Many<SessionProgress>(Progress), static v => v.Sessions)
        .Make(static sessions => new(sessions));

    public static readonly Shape<SessionsUnknown> Unknown = Fields.Of<SessionsUnknown>()
        .With("Sessions", new Many<SessionKey>(Key), static v => v.Sessions)
        .Make(static sessions => new(sessions));

    public static readonly Shape<Credit> Credit = Fields.Of<Credit>()
        .With("Stream", Number, static v => v.Stream)
        .With("GrantedBytes", Signed, static v => v.GrantedBytes)
        .Make(static (stream, grantedBytes) => new(stream, grantedBytes));

    public static readonly Shape<StreamBatch> Batch = Fields.Of<StreamBatch>()
        .With("Stream", Number, static v => v.Stream)
        .With("First", Signed, static v => v.First)
        .With("SentBytes", Signed, static v => v.SentBytes)
        .With("Items", new Many<StreamItem>(Item), static v => v.Items)
        .Make(static (stream, first, sentBytes, items) => new(stream, first, sentBytes, items));

    public static readonly Shape<RestateRequest> Restate = Fields.Of<RestateRequest>()
        .With("Stream", Number, static v => v.Stream)
        .Make(static stream => new(stream));
}
