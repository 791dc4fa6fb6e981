namespace Cdc.Protocol.Driving;

/// <summary>A role of the protocol: input and the time in, effects out. One owner, one thread at a time, no
/// waiting.</summary>
/// <remarks>The same inputs at the same times give the same effects, in any process.</remarks>
public interface IRole
{
    /// <param name="input">What happened. Unknown, late and repeated messages change nothing.</param>
    /// <param name="now">Time on this node since some moment; never goes back, and is never compared with another
    /// node's.</param>
    /// <param name="effects">Gets what is to be done about it.</param>
    void Handle(Input input, TimeSpan now, Effects effects);
}

/// <summary>What a host does for a role.</summary>
public interface IPort
{
    /// <summary>Begins it, and comes back at once. Whatever it brings comes as an input later, never from
    /// within.</summary>
    void Do(Effect effect);
}
