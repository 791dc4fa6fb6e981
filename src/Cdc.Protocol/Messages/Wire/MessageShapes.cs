namespace Cdc.Protocol.Messages.Wire;

/// <summary>Every message and its tag. A tag is never given to another message.</summary>
static class MessageShapes
{
    public static readonly Cases<Message> All = new Cases<Message>("Message")
        .With(1, ChangefeedShapes.EpochRequest)
        .With(2, ChangefeedShapes.EpochGrant)
        .With(3, ChangefeedShapes.EpochRefused)
        .With(4, ChangefeedShapes.Superseded)
        .With(5, ChangefeedShapes.Report)
        .With(6, ChangefeedShapes.CheckpointPersisted)
        .With(7, ChangefeedShapes.ParkRequest)
        .With(8, ChangefeedShapes.ParkPersisted)
        .With(9, ChangefeedShapes.Stop)
        .With(10, ChangefeedShapes.Stopped)
        .With(32, BootstrapShapes.Request)
        .With(33, BootstrapShapes.Response)
        .With(34, BootstrapShapes.PostRequest)
        .With(35, BootstrapShapes.PostResponse)
        .With(36, BootstrapShapes.CloseRequest)
        .With(37, BootstrapShapes.CloseResponse)
        .With(64, ScheduleShapes.Request)
        .With(65, ScheduleShapes.MergeRequest)
        .With(66, ScheduleShapes.Heartbeat)
        .With(67, ScheduleShapes.Notice)
        .With(96, BlockShapes.Statuses)
        .With(97, BlockShapes.Instructions)
        .With(128, SessionShapes.Register)
        .With(129, SessionShapes.Ready)
        .With(130, SessionShapes.NotReusable)
        .With(131, SessionShapes.Reset)
        .With(132, SessionShapes.ResetRefused)
        .With(133, SessionShapes.Unregister)
        .With(134, SessionShapes.Heartbeat)
        .With(135, SessionShapes.Unknown)
        .With(136, SessionShapes.Credit)
        .With(137, SessionShapes.Batch);
}
