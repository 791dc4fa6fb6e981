namespace Cdc.Protocol.Messages.Wire;

/// <summary>How values of one type are written, read, and described: one definition for all three.</summary>
abstract class Shape<T>(string name, int leastBytes) : IShape
{
    public string Name { get; } = name;

    /// <summary>No value takes fewer; at least 1, so that a count can be checked against the bytes that are
    /// left.</summary>
    public int LeastBytes { get; } = Math.Max(leastBytes, 1);

    public abstract string? Definition { get; }

    public virtual IEnumerable<IShape> Parts => [];

    public abstract void Write(ref WireWriter writer, T value);

    /// <summary>Never throws; what it returns is of no meaning once the reader has an error.</summary>
    public abstract T Read(ref WireReader reader);
}

/// <summary>What the contract's text needs of a shape.</summary>
interface IShape
{
    string Name { get; }

    /// <summary>Its line in the contract; null: the name says it all.</summary>
    string? Definition { get; }

    /// <summary>The shapes that it is made of.</summary>
    IEnumerable<IShape> Parts { get; }
}
