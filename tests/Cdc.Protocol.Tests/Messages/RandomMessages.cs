using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Tests.Messages;

/// <summary>Messages of every type with every field at random, the same for the same seed.</summary>
sealed class RandomMessages(int seed)
{
    static readonly string[] Names = ["", "public", "sales", "Größe", "日本", "a b\"c", new('x', 300)];

    readonly Random _random = new(seed);

    /// <summary>One of each type, in a fixed order.</summary>
    public IEnumerable<Message> OneOfEach() =>
    [
        new EpochRequest(Id()),
        new EpochGrant(Epoch(), Id(), Any<MaintainerPurpose>(), Ts(), Perhaps(Ts), Many(Parked), Bool()),
        new EpochRefused(Id()), new Superseded(Epoch(), Epoch()),
        new MaintainerReport(Epoch(), Ts(), Bool(), Many(Failure)), new CheckpointPersisted(Epoch(), Ts()),
        new ParkRequest(Epoch(), Table(), Number(), Perhaps(Ts)), new ParkPersisted(Epoch(), Table(), Number(), Perhaps(Ts)),
        new CopyTables(Epoch(), Many(() => new WantedCopy(Table(), Number()))), new StopMaintainer(Epoch(), Bool()), new MaintainerStopped(Epoch()),
        new MaintainerSought(Epoch()),
        new BootstrapRequest(Epoch(), Ts(), Many(Dispatcher)),
        new BootstrapResponse(Epoch(), Many(Snapshot), Many(Operation), Bool() ? null : Name()),
        new PostBootstrapRequest(Epoch()), new PostBootstrapResponse(Epoch()),
        new CloseRequest(Epoch(), Bool()), new CloseResponse(Epoch(), Bool()),
        new ScheduleRequest(Epoch(), Any<Mode>(), Many(Item)), new MergeRequest(Epoch(), Any<Mode>(), Merge()),
        new Heartbeat(Epoch(), Any<Mode>(), new(Number(), Perhaps(Ts)), Many(Status), Bool(), Many(Failure)),
        new CheckpointNotice(Epoch(), Ts()),
        new TrafficReport(Epoch(), Any<Mode>(), Many(() => new SpanTraffic(Dispatcher(), Owner(), Number()))),
        new BlockStatusRequest(Epoch(), Any<Mode>(), Many(Block)),
        new BlockInstructions(Epoch(), Any<Mode>(), Many(Instruction)),
        new Register(Key(), Span(), Ts(), Bool()), new Ready(Key()), new NotReusable(Key()),
        new Reset(Key(), SessionEpoch(), Ts()), new ResetRefused(Key(), SessionEpoch(), Name(), Any<FaultKind>()),
        new Unregister(Key()), new SessionHeartbeat(Many(() => new SessionProgress(Key(), SessionEpoch(), Ts()))),
        new SessionsUnknown(Many(Key)), new Credit(Number(), Signed()), new RestateRequest(Number()),
        new StreamBatch(Number(), Signed(), Signed(), Many(OnStream)),
    ];

    // As many short as long ones, and the extremes.
    ulong Number() => _random.Next(6) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        2 => (ulong)_random.NextInt64() >> _random.Next(63),
        _ => (ulong)_random.Next(300),
    };

    long Signed() => _random.Next(4) switch { 0 => long.MinValue, 1 => -_random.Next(100), _ => (long)(Number() >> 1) };
    bool Bool() => _random.Next(2) == 0;
    T Any<T>() where T : struct, Enum => Enum.GetValues<T>()[_random.Next(Enum.GetValues<T>().Length)];
    T? Perhaps<T>(Func<T> one) where T : struct => Bool() ? one() : null;
    ImmutableArray<T> Many<T>(Func<T> one) => [.. Enumerable.Range(0, _random.Next(4)).Select(_ => one())];
    string Name() => Names[_random.Next(Names.Length)];

    Guid Id()
    {
        byte[] bytes = new byte[16];
        _random.NextBytes(bytes);
        return new(bytes);
    }

    NodeId Node() => _random.Next(4) == 0 ? default : new(Name());
    Epoch Epoch() => new(Number());
    SessionEpoch SessionEpoch() => new((uint)Number());
    Owner Owner() => new(Number(), Number());
    CommitTs Ts() => new(Number(), Bool() ? 0 : (uint)_random.Next((int)CommitTs.MaxStep + 1));
    DispatcherId Dispatcher() => _random.Next(4) == 0 ? DispatcherId.TriggerOf(Any<Mode>()) : new(Epoch(), Number());
    TableId Table() => _random.Next(4) switch { 0 => TableId.Trigger, 1 => TableId.Every, _ => new(Signed()) };

    TableSpan Span()
    {
        if (Bool()) return TableSpan.Whole(Table());
        uint from = (uint)_random.NextInt64(uint.MaxValue);
        return new(Table(), from, (ulong)_random.NextInt64(from + 1L, (long)TableSpan.HashEnd + 1));
    }

    ParkedTable Parked() => new(Table());
    NodeFailure Failure() => new(
        Node(), Any<FaultKind>(), Name(), Perhaps(() => new DispatcherKey(Any<Mode>(), Dispatcher(), Owner())));
    BlockEventId Event() => new(Ts(), Bool());

    Influence Influence() => _random.Next(3) switch
    {
        0 => new Influence.All(),
        1 => new Influence.Database(Name()),
        _ => new Influence.Normal(Many(Table)),
    };

    BlockPayload Payload() => new(
        Influence(), Bool() ? null : Influence(), Many(() => new AddedTable(Table(), Name(), Bool())),
        Many(() => new MovedTable(Table(), Name(), Name())), Many(Table));

    BlockStatus Block() => new(
        Dispatcher(), Owner(), Event(), Any<BlockStage>(), Perhaps(Any<BlockAction>), Bool() ? null : Payload());

    BlockInstruction Instruction() => new(Event(), Any<InstructionKind>(), _random.Next(3) switch
    {
        0 => new Addressees.All(),
        1 => new Addressees.OfSchema(Name()),
        _ => new Addressees.Some(Many(Dispatcher)),
    });

    SpanSnapshot Snapshot() => new(
        Any<Mode>(), Dispatcher(), Owner(), Span(), Name(), Any<ComponentState>(), Ts(),
        Bool() ? null : new(Event(), Any<BlockStage>(), Payload()));

    ScheduleItem Item() => new(
        Any<ScheduleAction>(), Any<OperationKind>(), Dispatcher(), Owner(), Span(), Name(), Ts(), Bool());

    MergeItem Merge() => new(Dispatcher(), Owner(), Span(), Name(), Many(Dispatcher));
    OperationSnapshot Operation() => new(Epoch(), Any<Mode>(), Bool() ? null : Item(), Bool() ? null : Merge());
    SpanStatus Status() => new(Dispatcher(), Owner(), Any<ComponentState>(), Ts(), Perhaps(Ts), Perhaps(Any<FaultKind>));
    SessionKey Key() => new(Any<Mode>(), Dispatcher(), Number());

    SessionPosition Position() => new(Key(), SessionEpoch(), Signed(), Bool());

    StreamItem OnStream() => _random.Next(5) switch
    {
        0 => new StreamItem.Handshake(Key(), SessionEpoch(), Ts()),
        1 => new StreamItem.Rows(Key(), SessionEpoch(), Signed(), Ts(), Bool(), Id().ToByteArray()),
        2 => new StreamItem.Block(Key(), SessionEpoch(), Signed(), Event(), Payload()),
        3 => new StreamItem.Positions(Many(Position)),
        _ => new StreamItem.Resolved(Ts(), Many(Position), Bool(), _random.Next()),
    };
}
