namespace Cdc.Protocol.Dispatching;

/// <summary>How far the sessions are that follow their stream, kept once for all their dispatchers: an idle one costs
/// nothing.</summary>
sealed class SharedResolved
{
    public CommitTs Ts { get; set; }

    /// <summary>How many dispatchers have nothing but this for a checkpoint.</summary>
    public int Idle { get; set; }
}
