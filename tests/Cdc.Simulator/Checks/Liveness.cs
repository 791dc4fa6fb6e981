using Cdc.Protocol;
using Cdc.Protocol.Barriers;
using Cdc.Protocol.Changefeeds;
using Cdc.Protocol.Maintenance;
using Cdc.Protocol.Messages;
using Cdc.Simulator.Cluster;

namespace Cdc.Simulator.Checks;

/// <summary>Once the faults are over, everything ends in time and without much talk. L1: no block event is open for
/// long. L2: not much is said to and of a dispatcher about one. L3: few epochs are granted to maintainers that come
/// only then, for each time that an operator resumes it.</summary>
/// <remarks>Whatever waits for a takeover to set it going again breaks L1; two that answer each other at once break
/// L2; two that take the epoch from each other break L3.</remarks>
public sealed class Liveness(World world)
{
    readonly Dictionary<(Mode, BlockEventId), Talk> _events = [];
    TimeSpan _healedAt;
    TimeSpan? _doneAt;
    TimeSpan _lookedAt;
    ulong _looks;
    ulong _instances;
    ChangefeedState _state;
    int _epochs;
    int _epochsUntilDone;

    bool IsOn => world.Network.IsHealed;

    public void Healed()
    {
        _healedAt = _lookedAt = world.Agenda.Now;
        _instances = world.Activations.Instances;
    }

    /// <summary>Everything is done: what is measured is measured, and an operator may begin something else.</summary>
    public void Done() => (_doneAt, _epochsUntilDone, _epochs) = (world.Agenda.Now, _epochs, 0);

    /// <summary>A maintainer ticks: what it has open, if it is the one that counts.</summary>
    public void Look(RoleHost host)
    {
        if (!IsOn || host.Role is not Maintainer { Tenure: { } tenure } maintainer) return;
        if (maintainer.Epoch != world.Checks.PersistedEpoch) return;
        TimeSpan passed = world.Agenda.Now - _lookedAt;
        _lookedAt = world.Agenda.Now;
        _looks++;
        foreach (ModeTenure mode in tenure.Modes) Look(host, maintainer, mode, passed);
    }

    void Look(RoleHost host, Maintainer maintainer, ModeTenure mode, TimeSpan passed)
    {
        OpenEvents events = mode.Barrier.Events;
        for (int i = 0; i < events.Count; i++)
        {
            Talk talk = Find(mode.Mode, events[i].Id);
            if (_looks == 1) world.Reached.Reached(HardCase.OpenAtTheEnd);
            else if (talk.SeenIn == _looks - 1) talk.Open += passed;
            talk.SeenIn = _looks;
            if (talk.Open < LivenessLimits.OpenFor(world.Swarm)) continue;
            Rules.Ensure(false, "L1", host, $"has {events[i].Id} open for {talk.Open.TotalSeconds:F0} s",
                Waits.Of(maintainer.WaitingFor(host.Node.Clock)));
        }
    }

    /// <summary>Counted where it is said: what was said under the faults may be heard at once when they end.</summary>
    public void Reported(RoleHost host, BlockStatusRequest request)
    {
        if (!IsOn) return;
        foreach (BlockStatus status in request.Statuses) Said(host, request.Mode, status.Event, status.Dispatcher);
    }

    public void Ordered(RoleHost host, BlockInstructions orders)
    {
        if (!IsOn) return;
        foreach (BlockInstruction order in orders.Items)
        {
            if (order.To is not Addressees.Some some) continue;
            foreach (DispatcherId id in some.Ids) Said(host, orders.Mode, order.Event, id);
        }
    }

    public void Persisted(ChangefeedRecord record)
    {
        // An operator resumes what has failed: that begins anew, however often he does.
        bool isResumed = _state is ChangefeedState.Failed or ChangefeedState.Stopped;
        if (isResumed && record.State is ChangefeedState.Normal) _epochs = 0;
        _state = record.State;
        if (!IsOn || record.Epochs.Latest == world.Checks.PersistedEpoch || !record.Epochs.IsHeld) return;
        if (Activations.NumberOf(record.Epochs.Holder) <= _instances) return;
        _epochs++;
        Rules.Ensure(_epochs <= LivenessLimits.Epochs, "L3", "the changefeed", $"grants the {_epochs}th epoch");
    }

    /// <summary>How near to the limits the run came.</summary>
    public void Report(Figures figures)
    {
        double slowest = LivenessLimits.SlowestClock(world.Swarm);
        string held = LivenessLimits.MayHold(world.Swarm) ? "where a failure may hold a table" : "where none does";
        figures.Add("seconds until everything is done", ((_doneAt ?? world.Agenda.Now) - _healedAt).TotalSeconds);
        figures.Add("L3 epochs", _doneAt is null ? _epochs : _epochsUntilDone);
        foreach (Talk talk in _events.Values)
        {
            figures.Add($"L1 seconds of the slowest clock that an event is open, {held}", talk.Open.TotalSeconds * slowest);
            if (talk.Said.Count == 0) continue;
            int most = talk.Said.Values.Max();
            figures.Add("L2 messages to and of a dispatcher about an event", most);
            figures.Add("L2 beyond those for each second", most - LivenessLimits.SaidIn(talk.Open));
        }
    }

    void Said(RoleHost host, Mode mode, BlockEventId id, DispatcherId dispatcher)
    {
        // A machine that stood still until the faults were over answers at once all that was said to it meanwhile.
        if (world.Agenda.Now - _healedAt < LivenessLimits.Backlog) return;
        Talk talk = Find(mode, id);
        int said = talk.Said.GetValueOrDefault(dispatcher) + 1;
        talk.Said[dispatcher] = said;
        if (said <= LivenessLimits.SaidAnyway + LivenessLimits.SaidIn(talk.Open)) return;
        Rules.Ensure(false, "L2", host, $"says the {said}th time of {dispatcher} and {id}",
            $"open for {talk.Open.TotalSeconds:F1} s");
    }

    Talk Find(Mode mode, BlockEventId id)
    {
        if (!_events.TryGetValue((mode, id), out Talk? talk)) _events.Add((mode, id), talk = new());
        return talk;
    }

    sealed class Talk
    {
        /// <summary>How long it has been open in all, whoever had it open.</summary>
        public TimeSpan Open;

        public ulong SeenIn;
        public readonly Dictionary<DispatcherId, int> Said = [];
    }
}
