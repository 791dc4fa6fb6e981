namespace Cdc.Protocol.Messages.Wire;

delegate void WriteValue<in T>(ref WireWriter writer, T value);

delegate T ReadValue<out T>(ref WireReader reader);

/// <summary>A value without parts of its own.</summary>
sealed class Scalar<T>(string name, string definition, int leastBytes, WriteValue<T> write, ReadValue<T> read)
    : Shape<T>(name, leastBytes)
{
    public override string Definition { get; } = definition;

    public override void Write(ref WireWriter writer, T value) => write(ref writer, value);

    public override T Read(ref WireReader reader) => read(ref reader);
}
