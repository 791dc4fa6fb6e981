using System.Runtime.InteropServices;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Scheduling;

namespace Cdc.Protocol.Barriers;

/// <summary>One open block event in a maintainer: who has reported, and how far it is.</summary>
/// <remarks><code>
/// Collecting --all covered, WRITE to one--> Writing --DONE(write)--> Passing --all beyond--> gone
///     ^  |                                    |
///     |  +--all beyond, nobody waits--> gone  |
///     +------------ writer gone --------------+
/// </code></remarks>
internal sealed class BarrierEvent
{
    readonly Dictionary<DispatcherId, SpanReport> _reports = [];

    public BarrierEvent(BlockEventId id, BlockPayload payload, TimeSpan now)
    {
        Id = id;
        Payload = payload;
        Opened = PhaseSince = LastStatus = now;
        Tables = TablesOf(payload);
        StopsTrigger = payload.Influence is not Influence.Normal || Array.BinarySearch(Tables, TableId.Trigger) >= 0;
        PassTo = payload.Influence switch
        {
            Influence.Normal => null,
            Influence.Database database => new Addressees.OfSchema(database.Schema),
            _ => new Addressees.All(),
        };
    }

    public BlockEventId Id { get; }

    /// <summary>As the first report said; all read it from the same history.</summary>
    public BlockPayload Payload { get; }

    public TimeSpan Opened { get; }
    public TimeSpan PhaseSince { get; private set; }

    /// <summary>Of a Normal influence its tables, of a schema those that it moves out of it; each once.</summary>
    public TableId[] Tables { get; }

    /// <summary>Who has reported, in the order of the first reports.</summary>
    public List<DispatcherId> Reporters { get; } = [];

    public BarrierPhase Phase { get; private set; }
    public bool IsGone { get; private set; }

    /// <summary>Somebody was told to execute it, and may be doing so: that it is executed is not known. So also while
    /// it collects again, because the writer has gone.</summary>
    public bool IsTold { get; private set; }

    /// <summary>It changes the schedule, and has not done so yet.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Whom a PASS is for on a node; null: the dispatchers one by one.</summary>
    public Addressees? PassTo { get; }

    public bool IsNormal => Payload.Influence is Influence.Normal;
    public bool StopsTrigger { get; }

    public DispatcherId Writer { get; private set; }
    public Owner WriterOwner { get; private set; }

    /// <summary>How many spans are missing for the next phase, as far as counting tells: at zero it is worth a
    /// look.</summary>
    public int Missing { get; set; }

    /// <summary>When a tick looks at it next.</summary>
    public TimeSpan NextLook { get; set; }

    /// <summary>The last wave of PASS that really went out.</summary>
    public TimeSpan? LastWave { get; set; }

    /// <summary>The last status that came of it.</summary>
    public TimeSpan LastStatus { get; set; }

    /// <summary>Something came since it was last looked at.</summary>
    public bool IsTouched { get; set; }

    /// <summary>All is covered, but these tables are in several spans and may not be.</summary>
    public List<TableId> SplitYet { get; } = [];

    public DispatcherId LastReporter { get; private set; }

    public bool Stops(SpanTask task) => Payload.Influence switch
    {
        Influence.Normal => Array.BinarySearch(Tables, task.Span.Table) >= 0,
        Influence.Database database => task.Id.IsTrigger || task.Schema == database.Schema
            || Array.BinarySearch(Tables, task.Span.Table) >= 0,
        _ => true,
    };

    /// <summary>It will change the schedule.</summary>
    public void MakePending() => IsPending = true;

    /// <summary>Whether the span stands at it: it has reported, as the incarnation that it is, and its reports
    /// count.</summary>
    public bool IsWaiting(SpanTask task) =>
        task.IsReplicating && _reports.TryGetValue(task.Id, out SpanReport report) && report.Owner == task.Owner;

    public bool TryGetReport(DispatcherId id, out SpanReport report) => _reports.TryGetValue(id, out report);

    /// <summary>The report of the dispatcher; a null reference: it has none.</summary>
    public ref SpanReport Find(DispatcherId id) => ref CollectionsMarshal.GetValueRefOrNullRef(_reports, id);

    /// <summary>Takes a report of WAITING.</summary>
    public void Reported(SpanTask task, bool isWriting, TimeSpan now)
    {
        ref SpanReport report = ref CollectionsMarshal.GetValueRefOrAddDefault(_reports, task.Id, out bool exists);
        if (!exists) Reporters.Add(task.Id);
        if (!exists || report.Owner != task.Owner)
        {
            report.Owner = task.Owner;
            report.Since = now;
            report.HasBeenWriter = false;
        }

        report.Asked = now;
        report.HasBeenWriter |= isWriting;
        LastReporter = task.Id;
        LastStatus = now;
        if (Phase != BarrierPhase.Collecting || report.IsCounted || !Stops(task)) return;
        report.IsCounted = true;
        Missing = task.Id.IsTrigger && !IsNormal ? 0 : Missing - 1;
    }

    public bool IsWriter(SpanTask task) => task.Id == Writer && task.Owner == WriterOwner;

    public void Write(SpanTask writer, TimeSpan now)
    {
        (Writer, WriterOwner) = (writer.Id, writer.Owner);
        Find(writer.Id).HasBeenWriter = true;
        IsTold = true;
        Enter(BarrierPhase.Writing, now);
        Missing = int.MaxValue;
        NextLook = now + BarrierLimits.Repeat;
    }

    public void CollectAgain(TimeSpan now)
    {
        (Writer, WriterOwner) = (default, default);
        Enter(BarrierPhase.Collecting, now);
        Missing = 0;
    }

    /// <summary>The writer has executed it.</summary>
    public void Written(TimeSpan now)
    {
        (IsPending, IsTold) = (false, false);
        Enter(BarrierPhase.Passing, now);
        Missing = 0;
        NextLook = now;
    }

    public void Leave()
    {
        IsPending = false;
        IsGone = true;
    }

    static TableId[] TablesOf(BlockPayload payload) => payload.Influence switch
    {
        Influence.Normal normal => [.. normal.Tables.Distinct().Order()],
        Influence.Database database =>
        [
            .. payload.Moved.Where(moved => moved.From == database.Schema).Select(static moved => moved.Table)
                .Distinct().Order(),
        ],
        _ => [],
    };

    void Enter(BarrierPhase phase, TimeSpan now)
    {
        Phase = phase;
        PhaseSince = now;
        SplitYet.Clear();
    }
}
