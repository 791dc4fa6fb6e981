namespace Cdc.Simulator.Target;

/// <summary>What the sinks write to.</summary>
public enum TargetKind
{
    /// <summary>A database: tables with a key hold rows, those without are only appended to.</summary>
    Database,

    /// <summary>Every change is a line. Lines and progress are one transaction, fenced by owner.</summary>
    Lines,

    /// <summary>Every change is a line, and there is nothing else: no transaction, no record, no fence.</summary>
    BareLines,
}
