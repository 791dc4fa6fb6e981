using System.Collections.Immutable;
using System.Text;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Codecs.Ndjson;

/// <summary>The pieces of a line that are the same for every row of one version of a table.</summary>
internal sealed class NdjsonTable
{
    readonly byte[][] _heads;

    public NdjsonTable(TableSchema schema)
    {
        Columns = [.. schema.Columns.Select(static c => new NdjsonColumn(c))];
        Key = KeyOf(schema);
        string names = $",\"schema\":{Quote(schema.Name.Schema)},\"table\":{Quote(schema.Name.Name)}";
        _heads = [.. "?rcud".Select(op => Encoding.UTF8.GetBytes($"\",\"op\":\"{op}\"{names},\"time\":"))];
        Truncate = Encoding.UTF8.GetBytes($"\",\"op\":\"t\"{names},\"time\":");
        HasJson = schema.Columns.Any(static c => c.Type.Kind == TypeKind.Json);
    }

    public NdjsonColumn[] Columns { get; }

    /// <summary>Ordinals of the columns of <c>key</c>.</summary>
    public ImmutableArray<int> Key { get; }

    public bool HasJson { get; }

    /// <summary>What stands between the sequence and the time, from the end of <c>pos</c> to the name of
    /// <c>time</c>.</summary>
    public byte[] Head(Op op) => _heads[(int)op];

    /// <summary>As <see cref="Head"/>, of a TRUNCATE.</summary>
    public byte[] Truncate { get; }

    // An index as identity names the row where the primary key is not sent.
    static ImmutableArray<int> KeyOf(TableSchema schema) => schema.Identity != ReplicaIdentity.Index
        ? schema.Key
        : [.. Enumerable.Range(0, schema.Columns.Length).Where(i => schema.Columns[i].IsIdentity)];

    static string Quote(string text) => Encoding.UTF8.GetString(JsonString.Of(text));
}

/// <summary>One column, with its name as JSON.</summary>
internal sealed class NdjsonColumn(Column column)
{
    public ColumnType Type { get; } = column.Type;
    public bool IsIdentity { get; } = column.IsIdentity;

    /// <summary>The name in quotes.</summary>
    public byte[] Name { get; } = JsonString.Of(column.Name);

    /// <summary>A comma, the name in quotes, a colon.</summary>
    public byte[] Label { get; } = [(byte)',', .. JsonString.Of(column.Name), (byte)':'];
}
