using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

/// <summary>The maintainer of a <see cref="ChaosNode"/>, and its successors: they create, remove, instruct and take
/// over at any time, and check what they are told.</summary>
sealed class ChaosMaintainer
{
    readonly ChaosNode _node;
    readonly ChaosSink _sink;
    readonly Random _random;
    readonly CommitTs[] _final = new CommitTs[ChaosLog.Tables + 1];
    ulong _epoch = 1, _owner;
    Watermark _watermark;

    public ChaosMaintainer(ChaosNode node, ChaosSink sink, Random random)
    {
        (_node, _sink, _random) = (node, sink, random);
        Array.Fill(_final, At(10));
    }

    /// <summary>The one of the last heartbeat.</summary>
    public CommitTs? Checkpoint => _watermark.Checkpoint;

    public void Bootstrap() => Hear(new BootstrapRequest(new Epoch(_epoch), At(1), [Trigger]));

    public void Close() => Hear(new CloseRequest(new Epoch(_epoch), false));

    public void Create(int table)
    {
        if (_node.Lives.ContainsKey(table)) return;
        DispatcherId id = table == 0 ? Trigger : D((ulong)table);
        ChaosLife life = new(table, id, new(_epoch, ++_owner)) { Checkpoint = _final[table] };
        _node.Lives[table] = life;
        Schedule(ScheduleAction.Create, life);
    }

    public void Remove(int table)
    {
        if (!_node.Lives.TryGetValue(table, out ChaosLife? life)) return;
        life.IsStopping = true;
        Schedule(ScheduleAction.Remove, life);
        _node.Meet("removed");
    }

    public void Takeover()
    {
        if (_random.Next(6) != 0) return;
        _epoch++;
        Bootstrap();
        Hear(new PostBootstrapRequest(new Epoch(_epoch)));
        foreach (ChaosLife life in _node.Lives.Values.Where(l => l.IsStopping)) Schedule(ScheduleAction.Remove, life);
        _node.Meet("takeover");
    }

    public void Instruct()
    {
        InstructionKind[] kinds =
            [InstructionKind.Acknowledge, InstructionKind.Ignored, InstructionKind.Write, InstructionKind.Pass];
        foreach (ChaosLife life in _node.Lives.Values.ToArray())
        {
            ulong? about = life.Waiting ?? (life.Scheduled.Count > 0 ? life.Scheduled.Min : null);
            if (about is not { } commit) continue;
            if (life.Waiting is null) life.Scheduled.Remove(commit);
            InstructionKind kind = kinds[_random.Next(life.Waiting is null ? 2 : 4)];
            if (kind == InstructionKind.Pass) _sink.Execute(life, commit);
            Hear(new BlockInstructions(
                new Epoch(_epoch), Mode.Event, [new(Ddl(commit), kind, new Addressees.Some([life.Id]))]));
        }
    }

    public void OnReport(BlockStatus status)
    {
        if (_node.Find(status.Dispatcher, status.Owner) is not { } life) return;
        _node.Meet(status.Stage.ToString());
        ulong commit = status.Event.At.Commit;
        if (status.Stage == BlockStage.Done) _sink.MustHaveExecuted(life, commit);
        if (status.Stage == BlockStage.Scheduled) life.Scheduled.Add(commit);
        if (status.Stage != BlockStage.Waiting || life.Session == 0) return;
        _sink.MustHaveRowsBefore(life, commit);
        if (life.Checkpoint < At(commit)) life.Waiting = commit;
    }

    public void OnHeartbeat(Heartbeat heartbeat)
    {
        if (heartbeat.Watermark.Sequence == _watermark.Sequence && _watermark.Checkpoint is { } before)
        {
            Assert.True(heartbeat.Watermark.Checkpoint is null || heartbeat.Watermark.Checkpoint >= before);
        }

        _watermark = heartbeat.Watermark;
        if (!heartbeat.IsComplete) return;
        CommitTs? smallest = heartbeat.Statuses.IsEmpty ? null : heartbeat.Statuses.Min(s => s.Checkpoint);
        Assert.True(heartbeat.Watermark.Checkpoint is null == smallest is null);
        Assert.True(smallest is null || heartbeat.Watermark.Checkpoint <= smallest);
    }

    public void OnDropped(ChaosLife life)
    {
        Assert.Equal(0ul, life.Session);
        _node.Lives.Remove(life.Table);
        _final[life.Table] = life.Checkpoint;
    }

    void Schedule(ScheduleAction action, ChaosLife life) => Hear(new ScheduleRequest(new Epoch(_epoch), Mode.Event,
    [
        new(action, OperationKind.Add, life.Id, life.Owner, Whole(life.Table), "shop", life.Checkpoint, false),
    ]));

    void Hear(Message message) => _node.Put(new Received(Maintainer, message));
}
