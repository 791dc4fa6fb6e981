using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Cdc.Protocol.Messages.Wire;
using static Cdc.Protocol.Messages.Wire.Values;

namespace Cdc.Protocol.Changefeeds;

/// <summary>The binary form of a stored changefeed: a version byte and the fields in a fixed order, listed in
/// <c>WireContract.txt</c>.</summary>
public static class ChangefeedRecordFormat
{
    /// <summary>What is written unless told otherwise.</summary>
    public const byte Version = 1;

    /// <summary>The oldest version that is read, and can be written.</summary>
    public const byte OldestVersion = 1;

    static readonly Versioned<ChangefeedRecord> Form = new(Record(), OldestVersion, Version);

    internal static IShape Shape => Form.Shape;

    /// <summary>Appends a record, in the oldest version that a node of the cluster has: the changefeed may be activated
    /// there next.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The version can't be written.</exception>
    public static void Write(ChangefeedRecord record, IBufferWriter<byte> output, byte version = Version) =>
        Form.Write(record, output, version);

    /// <summary>Reads one whole record; whatever the bytes are, it does not throw.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> bytes,
        [NotNullWhen(true)] out ChangefeedRecord? record,
        [NotNullWhen(false)] out string? error) => Form.TryRead(bytes, out record, out error);

    static Shape<ChangefeedRecord> Record() => Fields.Of<ChangefeedRecord>()
        .With("Id", Id, static v => v.Id.Value)
        .With("State", new OneByte<ChangefeedState>(), static v => v.State)
        .With("Closing", new OneByte<Closing>(), static v => v.Closing)
        .With("Settings", Settings(), static v => v.Settings)
        .With("Epochs", EpochState(), static v => v.Epochs)
        .With("Checkpoint", Ts, static v => v.Checkpoint)
        .With("Parking", Parking(), static v => v.Parking)
        .With("Trouble", new PerhapsRecord<Trouble>(Troubled()), static v => v.Trouble)
        .Make(static (id, state, closing, settings, epochs, checkpoint, parking, trouble) =>
            new(new(id), state, closing, settings, epochs, checkpoint, parking, trouble));

    static Shape<ChangefeedSettings> Settings() => Fields.Of<ChangefeedSettings>()
        .With("TargetTs", PerhapsTs, static v => v.TargetTs)
        .With("HasRedo", Bool, static v => v.HasRedo)
        .Make(static (target, hasRedo) => new(target, hasRedo));

    static Shape<EpochRecord> EpochState() => Fields.Of<EpochRecord>()
        .With("Latest", Epochs, static v => v.Latest)
        .With("Holder", Id, static v => v.Holder)
        .With("MayBeOpen", Bool, static v => v.MayBeOpen)
        .With("Former", new Many<Guid>(Id), static v => v.Former)
        .Make(static (latest, holder, mayBeOpen, former) => new(latest, holder, mayBeOpen, former));

    static Shape<ParkingRecord> Parking() => Fields.Of<ParkingRecord>()
        .With("Tables", new Many<Messages.ParkedTable>(ChangefeedShapes.Parked), static v => v.Tables)
        .With("Epoch", Epochs, static v => v.Epoch)
        .With("Heard", new Many<ParkingHeard>(Heard()), static v => v.Heard)
        .With("Wanted", new Many<TableId>(Table), static v => v.Wanted)
        .Make(static (tables, epoch, heard, wanted) => new(tables, epoch, heard, wanted));

    static Shape<ParkingHeard> Heard() => Fields.Of<ParkingHeard>()
        .With("Table", Table, static v => v.Table)
        .With("Number", Number, static v => v.Number)
        .Make(static (table, number) => new(table, number));

    static Shape<Trouble> Troubled() => Fields.Of<Trouble>()
        .With("Failures", Count, static v => v.Failures)
        .With("Down", Time, static v => v.Down)
        .With("Node", Node, static v => v.Node)
        .With("Message", Sentence, static v => v.Message)
        .Make(static (failures, down, node, message) => new(failures, down, node, message));
}
