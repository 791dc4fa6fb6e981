using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs;

/// <summary>What an encoder prepares once for each schema version it meets.</summary>
sealed class PerSchema<T>(Func<TableSchema, T> make)
    where T : class
{
    // Versions come and go with the schema's changes; what was prepared is cheap to make again.
    const int Kept = 10_000;

    readonly Dictionary<TableSchema, T> _made = new(ReferenceEqualityComparer.Instance);
    TableSchema? _lastSchema;
    T? _last;

    public T Of(TableSchema schema)
    {
        if (ReferenceEquals(_lastSchema, schema)) return _last!;
        if (!_made.TryGetValue(schema, out T? made))
        {
            if (_made.Count >= Kept) _made.Clear();
            _made[schema] = made = make(schema);
        }
        (_lastSchema, _last) = (schema, made);
        return made;
    }
}
