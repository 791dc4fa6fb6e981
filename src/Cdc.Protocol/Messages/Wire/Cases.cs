namespace Cdc.Protocol.Messages.Wire;

/// <summary>One of several records: a tag in one byte, then the record. Tags never change their meaning.</summary>
sealed class Cases<T>(string name) : Shape<T>(name, 1) where T : class
{
    readonly Case?[] _byTag = new Case?[256];
    readonly Dictionary<Type, Case> _byType = [];

    public override string Definition =>
        string.Join(" | ", _byTag.OfType<Case>().Select(static one => $"{one.Tag} {one.Shape.Name}"));

    public override IEnumerable<IShape> Parts => _byTag.OfType<Case>().Select(static one => one.Shape);

    public IEnumerable<(byte Tag, IShape Shape)> All =>
        _byTag.OfType<Case>().Select(static one => (one.Tag, one.Shape));

    public IEnumerable<Type> Types => _byTag.OfType<Case>().Select(static one => one.Type);

    public Cases<T> With<TCase>(byte tag, Shape<TCase> shape) where TCase : class, T
    {
        if (_byTag[tag] is not null) throw new InvalidOperationException($"{Name} has two of tag {tag}.");
        Case one = new Case<TCase>(tag, shape);
        _byType.Add(typeof(TCase), one);
        _byTag[tag] = one;
        return this;
    }

    public override void Write(ref WireWriter writer, T value)
    {
        if (!_byType.TryGetValue(value.GetType(), out Case? one))
        {
            throw new InvalidOperationException($"{value.GetType().Name} has no tag in {Name}.");
        }
        writer.Byte(one.Tag);
        one.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        byte tag = reader.Byte();
        if (_byTag[tag] is { } one) return one.Read(ref reader);
        reader.Fail($"There is no {Name} {tag}.");
        return null!;
    }

    abstract class Case(byte tag, Type type, IShape shape)
    {
        public byte Tag { get; } = tag;
        public Type Type { get; } = type;
        public IShape Shape { get; } = shape;

        public abstract void Write(ref WireWriter writer, T value);
        public abstract T Read(ref WireReader reader);
    }

    sealed class Case<TCase>(byte tag, Shape<TCase> shape) : Case(tag, typeof(TCase), shape) where TCase : class, T
    {
        public override void Write(ref WireWriter writer, T value) => shape.Write(ref writer, (TCase)value);
        public override T Read(ref WireReader reader) => shape.Read(ref reader);
    }
}
