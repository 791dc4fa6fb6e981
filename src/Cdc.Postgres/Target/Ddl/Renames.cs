using System.Text;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>What is called otherwise after a statement, so that a constraint or index that merely names something
/// renamed is not taken for another one.</summary>
internal sealed class Renames
{
    readonly Dictionary<string, string> _columns = [];
    readonly Dictionary<TableName, TableName> _objects;
    readonly Dictionary<string, string> _schemas;

    public Renames() => (_objects, _schemas) = ([], []);

    /// <summary>Of one table: its columns, beside what is common to the event.</summary>
    public Renames(Renames shared) => (_objects, _schemas) = (shared._objects, shared._schemas);

    public static Renames None { get; } = new();

    public void Column(string before, string after) => _columns[before] = after;

    /// <summary>A table, type or index.</summary>
    public void Object(TableName before, TableName after)
    {
        if (before != after) _objects[before] = after;
    }

    public void Schema(string before, string after) => _schemas[before] = after;

    /// <summary>The text with every name quoted and as it is afterwards: two texts with one such form mean the
    /// same.</summary>
    public string Apply(string sql)
    {
        List<SqlToken> tokens = SqlTokens.Of(sql);
        StringBuilder text = new();
        for (int i = 0; tokens[i].Kind != SqlTokenKind.End; i++)
        {
            if (i > 0) text.Append(' ');
            if (!tokens[i].IsName)
            {
                text.Append(tokens[i].Value);
                continue;
            }
            if (tokens[i + 1].Is(".") && tokens[i + 2].IsName)
            {
                TableName name = new(tokens[i].Value, tokens[i + 2].Value);
                text.Append(PostgresNames.Quote(After(name)));
                i += 2;
                continue;
            }
            text.Append(PostgresNames.Quote(_columns.GetValueOrDefault(tokens[i].Value, tokens[i].Value)));
        }
        return text.ToString();
    }

    public TableName After(TableName name) => _objects.TryGetValue(name, out TableName after)
        ? after
        : name with { Schema = _schemas.GetValueOrDefault(name.Schema, name.Schema) };

    /// <summary>Whether <paramref name="after"/> is <paramref name="before"/> under other names.</summary>
    public bool AreSame(string? before, string? after) =>
        before is null || after is null ? before == after : before == after || Apply(before) == None.Apply(after);
}
