using System.Buffers;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Tests.Changefeeds;

/// <summary>One changefeed, driven as a host drives it: what it does, one line per effect. Every record goes through its
/// binary form.</summary>
sealed class Story : IPort
{
    public static readonly Guid First = new("00000000-0000-0000-0000-000000000001");
    public static readonly Guid Second = new("00000000-0000-0000-0000-000000000002");
    public static readonly Guid Third = new("00000000-0000-0000-0000-000000000003");

    readonly List<string> _done = [];
    ChangefeedRecord? _stored;
    ChangefeedRecord? _persisting;
    Interpreter _interpreter;

    public Story(ChangefeedRecord? stored = null)
    {
        _stored = stored;
        _interpreter = Started();
    }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(100);
    public bool HoldsPersists { get; set; }
    public ChangefeedRecord Stored => _stored!;
    public bool HasEnded => _interpreter.State == InterpreterState.Ended;

    /// <summary>Created, and its first maintainer runs.</summary>
    public static Story Running(CommitTs? target = null)
    {
        Story story = new();
        story.Does(new CreateChangefeed(1, new(Guid.Empty), Ts(100), new(target, false)));
        story.Asks(First);
        return story;
    }

    public string Does(Input input)
    {
        Take(input);
        return Told();
    }

    public string Told()
    {
        string told = string.Join("; ", _done);
        _done.Clear();
        return told;
    }

    public string Asks(Guid instance, string node = "a") => Hears(new EpochRequest(instance), node);

    /// <summary>A manager that obeys the epoch seeks its maintainer.</summary>
    public string IsSought(ulong epoch) => Does(new Received(Party.Manager(new("m")), new MaintainerSought(new(epoch))));

    public string Reports(ulong epoch, ulong checkpoint, params NodeFailure[] failures) =>
        Hears(new MaintainerReport(new(epoch), Ts(checkpoint), true, [.. failures]));

    public string Hears(Message message, string node = "a") => Does(new Received(new(Role.Maintainer, new(node)), message));

    /// <summary>Time passes, with a tick each 100 ms; what is done in the meantime is told together.</summary>
    public string After(double seconds)
    {
        TimeSpan end = Now + TimeSpan.FromSeconds(seconds);
        while (Now < end && !HasEnded)
        {
            Now += TimeSpan.FromMilliseconds(100);
            Take(Tick.Now);
        }
        return Told();
    }

    public string PersistEnds(PersistOutcome outcome)
    {
        if (outcome == PersistOutcome.Persisted) _stored = _persisting;
        _interpreter.PersistEnded(outcome);
        return Told();
    }

    /// <summary>Another incarnation, from what is stored; its time begins anew. It stores that once, as it has read it,
    /// before anything else.</summary>
    public Story Restarts()
    {
        _done.Clear();
        Now = TimeSpan.FromSeconds(7);
        _interpreter = Started();
        Assert.Equal($"store {Line(Stored)}", Does(new Woken()));
        return this;
    }

    public void Do(Effect effect)
    {
        _done.Add(Line(effect));
        if (effect is PersistChangefeed persist) _persisting = Copied(persist.Record);
        if (effect is ConfirmMissing) _persisting = null;
    }

    void Take(Input input)
    {
        _interpreter.Take(input, Now);
        while (!HoldsPersists && _interpreter.State == InterpreterState.Persisting)
        {
            _stored = _persisting;
            _interpreter.PersistEnded(PersistOutcome.Persisted);
        }
    }

    Interpreter Started() => new(new Changefeed(_stored, 42), this);

    public static CommitTs Ts(ulong commit) => CommitTs.End(commit);

    public static NodeFailure Passing(string message = "busy") => new(new("a"), FaultKind.Transient, message, null);

    public static NodeFailure Lasting(string message = "no right") => new(new("a"), FaultKind.Permanent, message, null);

    static ChangefeedRecord Copied(ChangefeedRecord record)
    {
        ArrayBufferWriter<byte> output = new();
        ChangefeedRecordFormat.Write(record, output);
        Assert.True(ChangefeedRecordFormat.TryRead(output.WrittenSpan, out ChangefeedRecord? copy, out string? error), error);
        return copy;
    }

    /// <summary>Says nothing.</summary>
    public sealed record Woken : Input;

    static string Line(Effect effect) => effect switch
    {
        ConfirmMissing => "confirm missing",
        PersistChangefeed persist => $"store {Line(persist.Record)}",
        Answered answered => $"answer {answered.Token} {answered.Result}",
        ActivateMaintainer activate => $"activate {activate.Purpose}",
        Send send => Line(send.Message) + (send.To == Party.Maintainer ? "" : $" to {send.To.Node}"),
        End => "end",
        _ => throw new InvalidOperationException($"{effect}"),
    };

    static string Line(ChangefeedRecord record) =>
        $"{record.State}{(record.Closing == Closing.None ? "" : $" closing {record.Closing}")} {record.Epochs.Latest}"
        + $"{(record.Epochs.IsHeld ? "" : " free")} @{record.Checkpoint.Commit}"
        + string.Concat(record.Parking.Tables.Select(static parked => $" parked {parked.Table}"))
        + string.Concat(record.Parking.Wanted.Select(static table => $" wanted {table}"));

    static string Line(Message message) => message switch
    {
        EpochGrant grant => $"grant {grant.Epoch} {grant.Purpose} @{grant.Checkpoint.Commit}"
            + string.Concat(grant.Parked.Select(static parked => $" parked {parked.Table}")),
        EpochRefused => "refuse",
        CloseRequest close => $"close {close.Epoch}{(close.Remove ? " remove" : "")}",
        Superseded superseded => $"superseded {superseded.Epoch} by {superseded.Current}",
        CheckpointPersisted persisted => $"persisted {persisted.Epoch} @{persisted.Checkpoint.Commit}",
        StopMaintainer stop => $"stop {stop.Epoch}{(stop.Remove ? " remove" : "")}",
        CopyTables copy => $"copy {copy.Epoch}" + string.Concat(copy.Tables.Select(static c => $" {c.Table} #{c.Number}")),
        ParkPersisted parked => $"parked {parked.Table} #{parked.Number}{(parked.CopiedAt is { } at ? $" copied @{at.Commit}" : "")}",
        _ => throw new InvalidOperationException($"{message}"),
    };
}
