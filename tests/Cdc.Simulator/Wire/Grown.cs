using Cdc.Protocol.Messages.Wire;

namespace Cdc.Simulator.Wire;

/// <summary>A record with one field more in the pretended version. The field says something that the others say, too:
/// so whoever reads it knows whether it is the right one.</summary>
sealed class Grown<T>(Shape<T> before, Func<T, ulong> added) : Shape<T>(before.Name, before.LeastBytes)
{
    readonly Field<T, ulong?> _added = new(
        "Pretended", new Perhaps<ulong>(Values.Number), v => added(v), NextVersion.Number, null);

    public override string Definition => $"{before.Definition}, {_added.Description}";

    public override IEnumerable<IShape> Parts => [.. before.Parts, _added.Shape];

    public override void Write(ref WireWriter writer, T value)
    {
        before.Write(ref writer, value);
        _added.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        T value = before.Read(ref reader);
        ulong? read = _added.Read(ref reader);
        if (reader.Error is not null) return value;
        ulong? wanted = reader.Version >= NextVersion.Number ? added(value) : null;
        if (read != wanted) reader.Fail($"{Name} has a field that is another one's.");
        return value;
    }
}
