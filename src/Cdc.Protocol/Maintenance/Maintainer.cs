using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Maintenance;

/// <summary>Owns one changefeed: which spans run where, how far all of them are, and when a block event may pass. All
/// of it is volatile.</summary>
/// <remarks><code>
/// asking --granted: run---------------> tenure --stop--> closing --all closed--> ended
///    |   --granted: pause or remove----------------------^
///    +-- refused --> ended              a greater epoch heard of, at any time --> ended
/// </code>
/// It says nothing to a manager before its epoch is granted. Messages of another epoch change nothing; one of a greater
/// epoch means that there is another maintainer, and this one ends.</remarks>
/// <param name="instance">Names this activation.</param>
/// <param name="options">What it does by itself.</param>
public sealed class Maintainer(Guid instance, MaintainerOptions options) : IRole
{
    ImmutableArray<NodeId>? _alive;
    DrainNodes? _drain;
    TimeSpan? _askedAt;
    Tenure? _tenure;
    Closing? _closing;
    bool _hasEnded;

    /// <summary>Its epoch; <see cref="Epoch.None"/> before it is granted one.</summary>
    public Epoch Epoch { get; private set; }

    public MaintainerPhase Phase =>
        _hasEnded ? MaintainerPhase.Ended
        : _closing is not null ? MaintainerPhase.Closing
        : _tenure?.Phase ?? MaintainerPhase.Asking;

    internal Tenure? Tenure => _tenure;

    /// <summary>What it is waiting for, as of now.</summary>
    public MaintainerWait WaitingFor(TimeSpan now) =>
        _hasEnded ? MaintainerWait.Nothing
        : _closing?.WaitingFor() ?? _tenure?.WaitingFor(now) ?? MaintainerWait.Nothing with { IsForEpoch = true };

    public void Handle(Input input, TimeSpan now, Effects effects)
    {
        if (_hasEnded) return;
        if (input is NodesChanged nodes) _alive = nodes.Alive;
        if (input is DrainNodes drain) _drain = drain;
        if (input is Received { Message: ControlMessage message } && !IsForUs(message, effects)) return;
        if (input is Received { Message: StopMaintainer stop } && !Close(stop.Remove))
        {
            End("It is to clean up what it had begun to close only.", effects);
            return;
        }

        if (_closing is not null) _hasEnded = _closing.Handle(input, now, effects);
        else if (_tenure is not null) _tenure.Handle(input, now, effects);
        else Ask(input, now, effects);
    }

    /// <summary>Whether a message is of this epoch, or of the asking for one.</summary>
    bool IsForUs(ControlMessage message, Effects effects)
    {
        if (Epoch == Epoch.None) return message is EpochGrant or EpochRefused;
        bool isSuperseded = message is Superseded superseded && superseded.Current > Epoch;
        if (message.Epoch > Epoch || (message.Epoch == Epoch && isSuperseded))
        {
            End("There is a later maintainer.", effects);
            return false;
        }

        return message.Epoch == Epoch;
    }

    void Ask(Input input, TimeSpan now, Effects effects)
    {
        if (input is Received { Message: EpochRefused refused } && refused.Instance == instance)
        {
            End("The changefeed does not run.", effects);
            return;
        }

        if (input is Received { Message: EpochGrant grant } && grant.Instance == instance)
        {
            Begin(grant, now, effects);
            return;
        }

        if (_askedAt is { } asked && now - asked < MaintainerTimes.Repeat) return;
        _askedAt = now;
        effects.Send(Party.Changefeed, new EpochRequest(instance));
    }

    void Begin(EpochGrant grant, TimeSpan now, Effects effects)
    {
        Epoch = grant.Epoch;
        if (grant.Purpose != MaintainerPurpose.Run)
        {
            Close(grant.Purpose == MaintainerPurpose.Remove);
            _hasEnded = _closing!.Handle(Tick.Now, now, effects);
            return;
        }

        _tenure = new(grant, options);
        if (_drain is { } drain) _tenure.Handle(drain, now, effects);
        if (_alive is { } alive) _tenure.Handle(new NodesChanged(alive), now, effects);
    }

    /// <returns>False: it was closing for less. An answer to the one can't be told from an answer to the other, so
    /// that is left to an activation with an epoch of its own.</returns>
    bool Close(bool remove)
    {
        _closing ??= new(Epoch, remove, _alive);
        return _closing.Remove || !remove;
    }

    void End(string reason, Effects effects)
    {
        _hasEnded = true;
        effects.Add(new End(reason));
    }
}

/// <summary>Where a maintainer is.</summary>
public enum MaintainerPhase : byte
{
    /// <summary>It has no epoch yet, and says nothing to the managers.</summary>
    Asking = 0,

    /// <summary>It asks the managers what they have.</summary>
    Bootstrapping = 1,

    /// <summary>All have answered; it waits for the list of tables.</summary>
    Loading = 2,
    Running = 3,

    /// <summary>It has the managers close everything.</summary>
    Closing = 4,
    Ended = 5,
}
