using Cdc.Protocol;

namespace Cdc.Simulator.Source;

/// <summary>The place in the source's log from which it can be read again, by one reader at a time.</summary>
public sealed class ModelSlot(ModelSource source)
{
    CommitTs _kept;

    /// <summary>What lies behind it can be read again.</summary>
    public CommitTs Confirmed { get; private set; } = source.Origin;

    /// <summary>The largest position that was ever confirmed.</summary>
    public CommitTs Largest { get; private set; } = source.Origin;

    /// <summary>Whoever reads by it; an object, so that a later one takes it away.</summary>
    public object? Reader { get; set; }

    /// <summary>Whether the source has ever dropped what lay behind it.</summary>
    public bool WasLost { get; private set; }

    /// <summary>Up to where it has.</summary>
    public CommitTs LostUpTo { get; private set; }

    /// <summary>We need nothing up to there any more.</summary>
    /// <param name="isKept">Whether the server has it on disk at once.</param>
    public void Confirm(CommitTs at, bool isKept)
    {
        // A slot that was made anew begins further on than what is confirmed to it.
        if (at < Confirmed && !WasLost)
            throw new ViolationException("the slot", $"is asked to go back from {Confirmed} to {at}");
        Confirmed = CommitTs.Max(Confirmed, at);
        Largest = CommitTs.Max(Largest, Confirmed);
        if (isKept) _kept = Confirmed;
    }

    /// <summary>The source's server crashed: it knows what it had on disk.</summary>
    public void Crash() => Confirmed = CommitTs.Max(_kept, source.Origin);

    /// <summary>The server has dropped it, with all that lay behind it; another one begins now.</summary>
    public void Lose()
    {
        (Confirmed, _kept, WasLost) = (source.Resolved, source.Resolved, true);
        LostUpTo = Confirmed;
    }
}
