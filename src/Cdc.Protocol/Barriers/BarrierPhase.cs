namespace Cdc.Protocol.Barriers;

/// <summary>How far a block event is.</summary>
public enum BarrierPhase : byte
{
    /// <summary>Not all that it stops have reported.</summary>
    Collecting = 0,

    /// <summary>One has been told to execute it.</summary>
    Writing = 1,

    /// <summary>It is executed and in the schedule; the rest is told to go on.</summary>
    Passing = 2,
}
