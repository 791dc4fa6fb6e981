using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Changefeeds;

/// <summary>The persisted half of a changefeed: its life, who may speak for it, and how far it is.</summary>
/// <remarks>
/// <code>
///  (none) --create--> Normal --failure that may pass--> Warning --progress--> Normal
///                       |                                  |
///                       +--failure that asks for an operator, or 30 min down--> Failed
///                       +--checkpoint at the target--------------------------> Finished
///                       +--pause---------------------------------------------> Stopped
///  Stopped, Failed, Finished --resume--> Normal
///  any --remove--> (Closing.Remove) --MaintainerStopped--> Removed
///
///  Closing:  None --warning, failed, finished, pause--> Stop --MaintainerStopped--> None
///            None, Stop --remove--> Remove
///  Epoch:    n --another activation asks, and may--> n + 1, its own
///            n --closed, or resumed, or removed while stopping--> n + 1, nobody's
/// </code>
/// <para>Everything is said behind the persist that makes it true. Whoever speaks with an epoch below the latest is
/// answered <see cref="Superseded"/>, and what it says changes nothing.</para>
/// <para>While something is closing, an activation is granted an epoch for closing only; while a pause after a failure
/// lasts, or where nothing is to be done, it is refused one.</para>
/// </remarks>
public sealed class Changefeed : IRole
{
    readonly MaintainerWatch _watch = new();
    readonly Outage _outage;
    ChangefeedRecord? _record;
    CommitTs _reported;
    TimeSpan? _storedAt;
    TimeSpan? _begunAt;
    bool _hasEnded;

    /// <param name="stored">What is stored; null: it has not been created.</param>
    /// <param name="seed">Varies the pauses.</param>
    public Changefeed(ChangefeedRecord? stored, ulong seed)
    {
        _record = stored;
        _reported = stored?.Checkpoint ?? CommitTs.Zero;
        _outage = new(seed);
    }

    /// <summary>What is stored, or about to be; null: nothing.</summary>
    public ChangefeedRecord? Record => _record;

    public void Handle(Input input, TimeSpan now, Effects effects)
    {
        if (_hasEnded) return;
        if (_begunAt is null) Begin(now, effects);
        switch (input)
        {
            case ChangefeedCommand command: Obey(command, now, effects); break;
            case Received { Message: ControlMessage message, From: var from }: Hear(from, message, now, effects); break;
            case NodesChanged nodes: _watch.See(nodes.Alive); break;
        }
        if (!_hasEnded && input is Tick or ChangefeedCommand) Tend(input is Tick, now, effects);
    }

    /// <summary>Stores once what it has read, before it does anything. If that is not the latest, it is refused, and
    /// this incarnation ends; if it is, whatever an earlier one still decides is refused. Else one that has nothing to
    /// store would never hear of what another has stored since.</summary>
    void Begin(TimeSpan now, Effects effects)
    {
        _begunAt = now;
        _watch.Begin(now);
        if (_record is not null) effects.Add(new PersistChangefeed(_record));
        if (_record is { State: ChangefeedState.Warning, Trouble: { } trouble }) _outage.GoOn(trouble, now);
    }

    void Obey(ChangefeedCommand command, TimeSpan now, Effects effects)
    {
        (CommandResult result, ChangefeedRecord? record) = Commands.Decide(_record, command);
        if (record is not null)
        {
            _watch.Anew();
            Store(record, now, effects);
        }
        effects.Add(new Answered(command.Token, result));
    }

    void Hear(Party from, ControlMessage message, TimeSpan now, Effects effects)
    {
        if (message is EpochRequest request)
        {
            Grant(from, request.Instance, now, effects);
            return;
        }
        if (message is MaintainerSought)
        {
            Sought(from, message.Epoch, now, effects);
            return;
        }
        if (_record is null || message is not (MaintainerReport or ParkRequest or MaintainerStopped)) return;
        if (message.Epoch < _record.Epochs.Latest)
        {
            effects.Send(from, new Superseded(message.Epoch, _record.Epochs.Latest));
            return;
        }
        if (message.Epoch > _record.Epochs.Latest)
        {
            End("Another incarnation has stored a later epoch.", effects);
            return;
        }
        if (!_record.Epochs.IsHeld) return;
        _watch.Heard(from.Node, now);
        switch (message)
        {
            case MaintainerReport report: Report(_record, report, now, effects); break;
            case ParkRequest park: Park(_record, from, park, now, effects); break;
            case MaintainerStopped: Stopped(_record, now, effects); break;
        }
    }

    /// <summary>A manager has no maintainer any more. It is told to close where that is sure to harm nobody.</summary>
    void Sought(Party from, Epoch asked, TimeSpan now, Effects effects)
    {
        if (asked == Epoch.None) return;
        if (_record is null)
        {
            // Where a manager has an epoch there was a record. So this one was read too early, or it is removed.
            effects.Add(new ConfirmMissing());
            effects.Send(from, new CloseRequest(asked, Remove: true));
            return;
        }
        Epoch latest = _record.Epochs.Latest;
        if (asked > latest) End("Another incarnation has stored a later epoch.", effects);
        // An epoch that nobody has is never granted: whoever runs it by then, or later, has a greater one, and has yet
        // to hear from that manager.
        bool isNobodys = !_record.Epochs.IsHeld && asked < latest;
        if (!isNobodys || PurposeOf(_record, now) is not null) return;
        effects.Send(from, new CloseRequest(latest, _record.State == ChangefeedState.Removed));
    }

    void Grant(Party from, Guid instance, TimeSpan now, Effects effects)
    {
        if (_record is null || instance == Guid.Empty || _record.Epochs.Former.Contains(instance)
            || PurposeOf(_record, now) is not { } purpose)
        {
            effects.Send(from, new EpochRefused(instance));
            return;
        }
        _watch.Heard(from.Node, now);
        if (_record.Epochs.Holder != instance)
        {
            Store(_record with { Epochs = _record.Epochs.Grant(instance) }, now, effects);
        }
        effects.Send(from, new EpochGrant(
            _record.Epochs.Latest, instance, purpose, _record.Checkpoint, _record.Settings.TargetTs,
            _record.Parking.Tables, _record.Settings.HasRedo));
    }

    /// <summary>What a maintainer is needed for now; null: nothing.</summary>
    MaintainerPurpose? PurposeOf(ChangefeedRecord record, TimeSpan now) => record switch
    {
        { Closing: Closing.Remove } => MaintainerPurpose.Remove,
        { Closing: Closing.Stop } => MaintainerPurpose.Pause,
        { State: ChangefeedState.Normal } => MaintainerPurpose.Run,
        { State: ChangefeedState.Warning } when _outage.MayRetry(now) => MaintainerPurpose.Run,
        _ => null,
    };

    // Failures come first: a report whose checkpoint is not new may still say why.
    void Report(ChangefeedRecord record, MaintainerReport report, TimeSpan now, Effects effects)
    {
        bool isNew = report.IsBootstrapped && report.Checkpoint > record.Checkpoint;
        if (isNew) _reported = CommitTs.Max(_reported, report.Checkpoint);
        if (record.Closing != Closing.None) return;
        bool isOver = isNew && record.State == ChangefeedState.Warning;
        if (isOver) record = record with { State = ChangefeedState.Normal, Trouble = null };
        if (!report.Failures.IsDefaultOrEmpty)
        {
            Fail(record, Remedies.Worst(report.Failures), now, effects);
            return;
        }
        if (report.IsBootstrapped) _outage.Runs(now);
        if (_reported >= record.Settings.TargetTs) Close(ChangefeedState.Finished, record, now, effects);
        else if (isOver) Store(record, now, effects);
        else if (isNew) StoreCheckpoint(now, effects);
        else if (report.IsBootstrapped) SayCheckpoint(effects);
        if (report.IsBootstrapped && _record!.Closing == Closing.None) SayWanted(effects);
    }

    void Fail(ChangefeedRecord record, NodeFailure failure, TimeSpan now, Effects effects)
    {
        Trouble trouble = _outage.Failed(record.Trouble, failure, now);
        bool isHopeless = Remedies.Of(failure.Kind) == Remedy.AskOperator || Outage.IsHopeless(trouble);
        ChangefeedState state = isHopeless ? ChangefeedState.Failed : ChangefeedState.Warning;
        Close(state, record with { Trouble = trouble }, now, effects);
    }

    void Close(ChangefeedState state, ChangefeedRecord record, TimeSpan now, Effects effects)
    {
        Store(record with { State = state, Closing = Closing.Stop }, now, effects);
        _watch.Anew();
        if (_watch.IsStopDue(now)) SayStop(effects);
    }

    void Park(ChangefeedRecord record, Party from, ParkRequest request, TimeSpan now, Effects effects)
    {
        ulong last = record.Parking.LastOf(request.Table, request.Epoch);
        if (request.Number < last) return;
        if (request.Number > last) Store(record with { Parking = record.Parking.With(request) }, now, effects);
        effects.Send(from, new ParkPersisted(request.Epoch, request.Table, request.Number, request.CopiedAt));
    }

    void Stopped(ChangefeedRecord record, TimeSpan now, Effects effects)
    {
        if (record.Closing == Closing.None) return;
        bool isRemoved = record.Closing == Closing.Remove;
        _watch.Anew();
        Store(record with
        {
            State = isRemoved ? ChangefeedState.Removed : record.State,
            Closing = Closing.None,
            Epochs = record.Epochs.Closed(),
        }, now, effects);
        if (isRemoved) End("It is removed.", effects);
    }

    void Tend(bool mayLinger, TimeSpan now, Effects effects)
    {
        if (_record is null) return;
        if (_record.State == ChangefeedState.Removed)
        {
            if (!mayLinger || now - _begunAt >= ChangefeedTimes.Linger) End("It is removed.", effects);
            return;
        }
        StoreCheckpoint(now, effects);
        if (_record.Closing != Closing.None && _record.Epochs.IsHeld && _watch.IsStopDue(now)) SayStop(effects);
        if (PurposeOf(_record, now) is { } purpose && _watch.IsActivationDue(_record.Epochs.IsHeld, now))
        {
            effects.Add(new ActivateMaintainer(purpose));
        }
    }

    void SayStop(Effects effects) => effects.Send(
        Party.Maintainer, new StopMaintainer(_record!.Epochs.Latest, _record.Closing == Closing.Remove));

    void SayWanted(Effects effects)
    {
        (ParkingRecord parking, Epoch epoch) = (_record!.Parking, _record.Epochs.Latest);
        if (parking.Wanted.IsEmpty) return;
        effects.Send(Party.Maintainer, new CopyTables(
            epoch, [.. parking.Wanted.Select(table => new WantedCopy(table, parking.LastOf(table, epoch)))]));
    }

    void SayCheckpoint(Effects effects) =>
        effects.Send(Party.Maintainer, new CheckpointPersisted(_record!.Epochs.Latest, _record.Checkpoint));

    void StoreCheckpoint(TimeSpan now, Effects effects)
    {
        if (_reported <= _record!.Checkpoint || now - _storedAt < ChangefeedTimes.Store) return;
        Store(_record, now, effects);
    }

    /// <summary>Stores a record with the latest checkpoint, and says so behind it if it is new.</summary>
    void Store(ChangefeedRecord record, TimeSpan now, Effects effects)
    {
        bool isCheckpointNew = _reported > record.Checkpoint;
        _record = isCheckpointNew ? record with { Checkpoint = _reported } : record;
        _storedAt = now;
        effects.Add(new PersistChangefeed(_record));
        if (isCheckpointNew && _record.Epochs.IsHeld) SayCheckpoint(effects);
    }

    void End(string reason, Effects effects)
    {
        _hasEnded = true;
        effects.Add(new End(reason));
    }
}
