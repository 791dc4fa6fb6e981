namespace Cdc.Simulator.Tests.Mutations;

/// <summary>One rule of the protocol, switched off by replacing a piece of its source.</summary>
/// <param name="Name">What is wrong with it then.</param>
/// <param name="File">Under src/Cdc.Protocol.</param>
/// <param name="Find">Occurs once in the file.</param>
/// <param name="Replace">What stands there instead.</param>
public sealed record Mutation(string Name, string File, string Find, string Replace)
{
    /// <summary>The first seed to try: where few notice, one that is known to.</summary>
    public ulong From { get; init; } = 1;

    /// <summary>The rule that stands behind it, switched off as well, in another file: with it nothing would come of
    /// this one. Null: none does.</summary>
    public Mutation? Behind { get; init; }

    public override string ToString() => Name;
}
