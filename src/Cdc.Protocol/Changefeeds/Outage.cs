using System.Collections.Immutable;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Changefeeds;

/// <summary>Failures without progress between them: when to try again, and when to give up.</summary>
/// <remarks>Only the time counts in which the changefeed did not run: from a failure until a maintainer reports
/// without one. A source that has nothing new gives no progress, and is no failure.</remarks>
sealed class Outage(ulong seed)
{
    TimeSpan _retryAt;
    TimeSpan _down;
    TimeSpan? _downSince;

    /// <summary>Whether a maintainer may run it again.</summary>
    public bool MayRetry(TimeSpan now) => now >= _retryAt;

    /// <summary>Another incarnation goes on: what was left of the pause is not known, so all of it is kept.</summary>
    public void GoOn(Trouble trouble, TimeSpan now)
    {
        (_down, _downSince) = (trouble.Down, now);
        _retryAt = now + Pause(trouble.Failures, seed);
    }

    /// <summary>It failed, again if there is trouble already.</summary>
    public Trouble Failed(Trouble? before, NodeFailure failure, TimeSpan now)
    {
        if (before is null) _down = TimeSpan.Zero;
        else if (_downSince is { } since) _down += now - since;
        _downSince = now;
        int failures = before is null ? 1 : before.Failures + 1;
        _retryAt = now + Pause(failures, seed);
        return new(failures, _down, failure.Node, failure.Message);
    }

    /// <summary>A maintainer has every node, and none fails.</summary>
    public void Runs(TimeSpan now)
    {
        if (_downSince is { } since) _down += now - since;
        _downSince = null;
    }

    public static bool IsHopeless(Trouble trouble) => trouble.Down >= ChangefeedTimes.GiveUp;

    internal static TimeSpan Pause(int failures, ulong seed)
    {
        long longest = ChangefeedTimes.LongestPause.Ticks;
        int doublings = Math.Min(failures - 1, 20);
        long pause = Math.Min(ChangefeedTimes.FirstPause.Ticks << doublings, longest);
        int spread = (2 * ChangefeedTimes.VaryPerMille) + 1;
        int perMille = 1000 - ChangefeedTimes.VaryPerMille + (int)(Mixed(seed + (ulong)failures) % (ulong)spread);
        return TimeSpan.FromTicks(Math.Min(pause / 1000 * perMille, longest));
    }

    // The finalizer of SplitMix64: neighbouring numbers give unrelated ones.
    static ulong Mixed(ulong number)
    {
        number += 0x9E3779B97F4A7C15;
        number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9;
        number = (number ^ (number >> 27)) * 0x94D049BB133111EB;
        return number ^ (number >> 31);
    }
}
