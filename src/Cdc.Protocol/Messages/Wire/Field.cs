namespace Cdc.Protocol.Messages.Wire;

/// <summary>One field of a record.</summary>
/// <param name="since">The version that brought it: an older writer leaves it out.</param>
/// <param name="otherwise">What it is where an older version left it out.</param>
sealed class Field<T, TField>(
    string name, Shape<TField> shape, Func<T, TField> get, byte since = 1, TField otherwise = default!) : IField
{
    public string Description { get; } = since == 1 ? $"{name} {shape.Name}" : $"{name} {shape.Name} (since {since})";

    public IShape Shape => shape;

    public byte Since => since;

    /// <summary>No record that has it takes fewer; 0 where an older version may leave it out.</summary>
    public int LeastBytes => since == 1 ? shape.LeastBytes : 0;

    public void Write(ref WireWriter writer, T value)
    {
        if (writer.Version >= since) shape.Write(ref writer, get(value));
    }

    public TField Read(ref WireReader reader) => reader.Version >= since ? shape.Read(ref reader) : otherwise;
}

interface IField
{
    string Description { get; }
    IShape Shape { get; }
    byte Since { get; }
    int LeastBytes { get; }
}

/// <summary>A record without fields.</summary>
sealed class Empty<T>(T value) : Shape<T>(Fields.NameOf(typeof(T)), 0)
{
    public override string Definition => "";

    public override void Write(ref WireWriter writer, T value) { }

    public override T Read(ref WireReader reader) => value;
}

/// <summary>Fields one after the other, in the order of the definition. New ones come at the end, with the version that
/// brings them.</summary>
abstract class Record<T> : Shape<T>
{
    readonly IField[] _fields;

    protected Record(string name, params IField[] fields) : base(name, fields.Sum(static one => one.LeastBytes))
    {
        _fields = fields;
        for (int i = 1; i < fields.Length; i++)
        {
            if (fields[i].Since < fields[i - 1].Since) throw new InvalidOperationException($"{name}: new fields last.");
        }
    }

    public override string Definition => string.Join(", ", _fields.Select(static one => one.Description));

    public override IEnumerable<IShape> Parts => _fields.Select(static one => one.Shape);
}
