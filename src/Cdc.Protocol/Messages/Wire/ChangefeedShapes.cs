using static Cdc.Protocol.Messages.Wire.Values;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>Between a changefeed and its maintainer.</summary>
static class ChangefeedShapes
{
    public static readonly Shape<MaintainerPurpose> Purpose = new OneByte<MaintainerPurpose>();

    public static readonly Shape<FaultKind> Fault = new OneByte<FaultKind>();

    public static readonly Shape<ParkedTable> Parked = Fields.Of<ParkedTable>()
        .With("Table", Table, static v => v.Table)
        .Make(static table => new(table));

    static readonly Shape<DispatcherKey> Incarnation = Fields.Of<DispatcherKey>()
        .With("Mode", Modes, static v => v.Mode)
        .With("Dispatcher", Dispatcher, static v => v.Dispatcher)
        .With("Owner", Owners, static v => v.Owner)
        .Make(static (mode, dispatcher, owner) => new(mode, dispatcher, owner));

    public static readonly Shape<NodeFailure> Failure = Fields.Of<NodeFailure>()
        .With("Node", Node, static v => v.Node)
        .With("Kind", Fault, static v => v.Kind)
        .With("Message", Sentence, static v => v.Message)
        .With("Of", new Perhaps<DispatcherKey>(Incarnation), static v => v.Of)
        .Make(static (node, kind, message, of) => new(node, kind, message, of));

    public static readonly Shape<EpochRequest> EpochRequest = Fields.Of<EpochRequest>()
        .With("Instance", Id, static v => v.Instance)
        .Make(static instance => new(instance));

    public static readonly Shape<EpochGrant> EpochGrant = Fields.Of<EpochGrant>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Instance", Id, static v => v.Instance)
        .With("Purpose", Purpose, static v => v.Purpose)
        .With("Checkpoint", Ts, static v => v.Checkpoint)
        .With("TargetTs", PerhapsTs, static v => v.TargetTs)
        .With("Parked", new Many<ParkedTable>(Parked), static v => v.Parked)
        .With("HasRedo", Bool, static v => v.HasRedo)
        .Make(static (epoch, instance, purpose, checkpoint, target, parked, redo) =>
            new(epoch, instance, purpose, checkpoint, target, parked, redo));

    public static readonly Shape<EpochRefused> EpochRefused = Fields.Of<EpochRefused>()
        .With("Instance", Id, static v => v.Instance)
        .Make(static instance => new(instance));

    public static readonly Shape<Superseded> Superseded = Fields.Of<Superseded>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Current", Epochs, static v => v.Current)
        .Make(static (epoch, current) => new(epoch, current));

    public static readonly Shape<MaintainerReport> Report = Fields.Of<MaintainerReport>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Checkpoint", Ts, static v => v.Checkpoint)
        .With("IsBootstrapped", Bool, static v => v.IsBootstrapped)
        .With("Failures", new Many<NodeFailure>(Failure), static v => v.Failures)
        .Make(static (epoch, checkpoint, isBootstrapped, failures) => new(epoch, checkpoint, isBootstrapped, failures));

    public static readonly Shape<CheckpointPersisted> CheckpointPersisted = Fields.Of<CheckpointPersisted>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Checkpoint", Ts, static v => v.Checkpoint)
        .Make(static (epoch, checkpoint) => new(epoch, checkpoint));

    public static readonly Shape<ParkRequest> ParkRequest = Fields.Of<ParkRequest>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Table", Table, static v => v.Table)
        .With("Number", Number, static v => v.Number)
        .With("CopiedAt", PerhapsTs, static v => v.CopiedAt)
        .Make(static (epoch, table, number, copiedAt) => new(epoch, table, number, copiedAt));

    public static readonly Shape<ParkPersisted> ParkPersisted = Fields.Of<ParkPersisted>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Table", Table, static v => v.Table)
        .With("Number", Number, static v => v.Number)
        .With("CopiedAt", PerhapsTs, static v => v.CopiedAt)
        .Make(static (epoch, table, number, copiedAt) => new(epoch, table, number, copiedAt));

    public static readonly Shape<WantedCopy> Wanted = Fields.Of<WantedCopy>()
        .With("Table", Table, static v => v.Table)
        .With("Number", Number, static v => v.Number)
        .Make(static (table, number) => new(table, number));

    public static readonly Shape<CopyTables> CopyTables = Fields.Of<CopyTables>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Tables", new Many<WantedCopy>(Wanted), static v => v.Tables)
        .Make(static (epoch, tables) => new(epoch, tables));

    public static readonly Shape<StopMaintainer> Stop = Fields.Of<StopMaintainer>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Remove", Bool, static v => v.Remove)
        .Make(static (epoch, remove) => new(epoch, remove));

    public static readonly Shape<MaintainerStopped> Stopped = Fields.Of<MaintainerStopped>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .Make(static epoch => new(epoch));

    public static readonly Shape<MaintainerSought> Sought = Fields.Of<MaintainerSought>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .Make(static epoch => new(epoch));
}
