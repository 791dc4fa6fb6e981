using System.Collections.Immutable;
using static Cdc.Protocol.Messages.Wire.Values;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>About block events.</summary>
static class BlockShapes
{
    public static readonly Shape<BlockStage> Stage = new OneByte<BlockStage>();

    static readonly Shape<BlockAction> Action = new OneByte<BlockAction>();

    static readonly Shape<InstructionKind> Kind = new OneByte<InstructionKind>();

    static readonly Shape<ImmutableArray<TableId>> Tables = new Many<TableId>(Table);

    static readonly Shape<Influence> Influence = new Cases<Influence>("Influence")
        .With(0, Fields.Of<Influence.Normal>()
            .With("Tables", Tables, static v => v.Tables)
            .Make(static tables => new(tables)))
        .With(1, Fields.Of<Influence.Database>()
            .With("Schema", Name, static v => v.Schema)
            .Make(static schema => new(schema)))
        .With(2, new Empty<Influence.All>(new()));

    static readonly Shape<AddedTable> Added = Fields.Of<AddedTable>()
        .With("Table", Table, static v => v.Table)
        .With("Schema", Name, static v => v.Schema)
        .With("IsSplittable", Bool, static v => v.IsSplittable)
        .Make(static (table, schema, isSplittable) => new(table, schema, isSplittable));

    static readonly Shape<MovedTable> Moved = Fields.Of<MovedTable>()
        .With("Table", Table, static v => v.Table)
        .With("From", Name, static v => v.From)
        .With("To", Name, static v => v.To)
        .Make(static (table, from, to) => new(table, from, to));

    public static readonly Shape<BlockPayload> Payload = Fields.Of<BlockPayload>()
        .With("Influence", Influence, static v => v.Influence)
        .With("Dropped", new PerhapsRecord<Influence>(Influence), static v => v.Dropped)
        .With("Added", new Many<AddedTable>(Added), static v => v.Added)
        .With("Moved", new Many<MovedTable>(Moved), static v => v.Moved)
        .With("Unsplit", Tables, static v => v.Unsplit)
        .Make(static (influence, dropped, added, moved, unsplit) => new(influence, dropped, added, moved, unsplit));

    static readonly Shape<BlockStatus> Status = Fields.Of<BlockStatus>()
        .With("Dispatcher", Dispatcher, static v => v.Dispatcher)
        .With("Owner", Owners, static v => v.Owner)
        .With("Event", Event, static v => v.Event)
        .With("Stage", Stage, static v => v.Stage)
        .With("Action", new Perhaps<BlockAction>(Action), static v => v.Action)
        .With("Payload", new PerhapsRecord<BlockPayload>(Payload), static v => v.Payload)
        .Make(static (dispatcher, owner, id, stage, action, payload) =>
            new(dispatcher, owner, id, stage, action, payload));

    public static readonly Shape<BlockStatusRequest> Statuses = Fields.Of<BlockStatusRequest>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Mode", Modes, static v => v.Mode)
        .With("Statuses", new Many<BlockStatus>(Status), static v => v.Statuses)
        .Make(static (epoch, mode, statuses) => new(epoch, mode, statuses));

    static readonly Shape<Addressees> Addressees = new Cases<Addressees>("Addressees")
        .With(0, Fields.Of<Addressees.Some>()
            .With("Ids", new Many<DispatcherId>(Dispatcher), static v => v.Ids)
            .Make(static ids => new(ids)))
        .With(1, Fields.Of<Addressees.OfSchema>()
            .With("Schema", Name, static v => v.Schema)
            .Make(static schema => new(schema)))
        .With(2, new Empty<Addressees.All>(new()));

    static readonly Shape<BlockInstruction> Instruction = Fields.Of<BlockInstruction>()
        .With("Event", Event, static v => v.Event)
        .With("Kind", Kind, static v => v.Kind)
        .With("To", Addressees, static v => v.To)
        .Make(static (id, kind, to) => new(id, kind, to));

    public static readonly Shape<BlockInstructions> Instructions = Fields.Of<BlockInstructions>()
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Mode", Modes, static v => v.Mode)
        .With("Items", new Many<BlockInstruction>(Instruction), static v => v.Items)
        .Make(static (epoch, mode, items) => new(epoch, mode, items));
}
