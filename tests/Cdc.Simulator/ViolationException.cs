namespace Cdc.Simulator;

/// <summary>A checker found its rule broken.</summary>
public sealed class ViolationException(string rule, string message) : Exception($"{rule}: {message}")
{
    /// <summary>The checker's name: INV-n, INV-Sn, or a word.</summary>
    public string Rule { get; } = rule;
}
