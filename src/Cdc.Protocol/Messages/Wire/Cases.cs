namespace Cdc.Protocol.Messages.Wire;

/// <summary>One of several records: a tag in one byte, then the record. Tags never change their meaning; a later
/// version may bring new ones.</summary>
sealed class Cases<T>(string name) : Shape<T>(name, 1) where T : class
{
    readonly Case?[] _byTag = new Case?[256];
    readonly Dictionary<Type, Case> _byType = [];

    public override string Definition =>
        string.Join(" | ", _byTag.OfType<Case>().Select(static one => one.Description));

    public override IEnumerable<IShape> Parts => _byTag.OfType<Case>().Select(static one => one.Shape);

    public IEnumerable<(byte Tag, IShape Shape)> All =>
        _byTag.OfType<Case>().Select(static one => (one.Tag, one.Shape));

    public IEnumerable<Type> Types => _byTag.OfType<Case>().Select(static one => one.Type);

    /// <param name="tag">Never given to another one.</param>
    /// <param name="shape">The record.</param>
    /// <param name="since">The version that brought it: it can't be said to an older peer.</param>
    public Cases<T> With<TCase>(byte tag, Shape<TCase> shape, byte since = 1) where TCase : class, T
    {
        if (_byTag[tag] is not null) throw new InvalidOperationException($"{Name} has two of tag {tag}.");
        Case one = new Case<TCase>(tag, shape, since);
        _byType.Add(typeof(TCase), one);
        _byTag[tag] = one;
        return this;
    }

    /// <summary>The version that brought this kind of value.</summary>
    public byte SinceOf(T value) => Find(value).Since;

    public override void Write(ref WireWriter writer, T value)
    {
        Case one = Find(value);
        if (one.Since > writer.Version)
        {
            throw new InvalidOperationException($"{one.Shape.Name} came later than version {writer.Version}.");
        }
        writer.Byte(one.Tag);
        one.Write(ref writer, value);
    }

    public override T Read(ref WireReader reader)
    {
        byte tag = reader.Byte();
        if (_byTag[tag] is { } one && one.Since <= reader.Version) return one.Read(ref reader);
        reader.Fail($"There is no {Name} {tag}.");
        return null!;
    }

    Case Find(T value) => _byType.TryGetValue(value.GetType(), out Case? one)
        ? one
        : throw new InvalidOperationException($"{value.GetType().Name} has no tag in {Name}.");

    abstract class Case(byte tag, Type type, IShape shape, byte since)
    {
        public byte Tag { get; } = tag;
        public byte Since { get; } = since;
        public Type Type { get; } = type;
        public IShape Shape { get; } = shape;

        public string Description => Since == 1 ? $"{Tag} {Shape.Name}" : $"{Tag} {Shape.Name} (since {Since})";

        public abstract void Write(ref WireWriter writer, T value);
        public abstract T Read(ref WireReader reader);
    }

    sealed class Case<TCase>(byte tag, Shape<TCase> shape, byte since)
        : Case(tag, typeof(TCase), shape, since) where TCase : class, T
    {
        public override void Write(ref WireWriter writer, T value) => shape.Write(ref writer, (TCase)value);
        public override T Read(ref WireReader reader) => shape.Read(ref reader);
    }
}
