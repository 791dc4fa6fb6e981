using System.Collections.Immutable;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target;

/// <summary>One column of a table's rows, as the target has it.</summary>
/// <param name="Quoted">Its name in SQL.</param>
/// <param name="BaseType">Its type without domains and modifiers, as staged rows have it.</param>
/// <param name="IsPlain">Its text never holds what COPY must escape.</param>
/// <param name="Equality">Its type's equality in SQL; null if it has none that can be found.</param>
/// <param name="IsExact">Equal values have equal bytes, so that rows with the same key can be told by bytes.</param>
/// <param name="Cast">Behind a literal that is compared with it: the server takes one for a row of no type
/// otherwise.</param>
/// <param name="IsNumbered">GENERATED ALWAYS AS IDENTITY: an UPDATE can't set it, only an INSERT can.</param>
internal sealed record TargetColumn(string Quoted, string BaseType, bool IsPlain, string? Equality, bool IsExact,
    bool IsGenerated = false, bool IsNumbered = false, string Cast = "");

/// <summary>A table of the target under one version of the source's shape, and the statements for its rows.</summary>
internal sealed class TargetTable
{
    // A set of columns is kept in as many bits.
    public const int MaskableColumns = 128;

    public TargetTable(TableSchema schema, ImmutableArray<TargetColumn> columns)
    {
        (Schema, Columns) = (schema, columns);
        Name = PostgresNames.Quote(schema.Name);
        ColumnList = string.Join(", ", columns.Select(static c => c.Quoted));
        CopyInto = $"COPY {Name} ({ColumnList}) FROM STDIN";
        Numbered = columns.IndexOf(columns.FirstOrDefault(static c => c.IsNumbered)!);
        CanCollapse = !schema.Key.IsEmpty && columns.Length <= MaskableColumns
            && schema.Key.All(k => columns[k] is { IsExact: true, Equality: not null });
    }

    public TableSchema Schema { get; }

    /// <summary>In the order of the rows' cells.</summary>
    public ImmutableArray<TargetColumn> Columns { get; }

    public string Name { get; }
    public string ColumnList { get; }
    public string CopyInto { get; }

    /// <summary>The column that only an INSERT can set; -1 if there is none. A table has one at most.</summary>
    public int Numbered { get; }

    /// <summary>Whether changes of the same row can be found by the bytes of its key, and made one.</summary>
    public bool CanCollapse { get; }

    /// <summary>The staging table of this session, once it is made.</summary>
    public string? Stage { get; set; }

    public string KeyList => string.Join(", ", Schema.Key.Select(k => Columns[k].Quoted));

    /// <summary><c>t.a = s.a AND t.b = s.b</c>, with the operators that the types have.</summary>
    public string KeyMatch(string left, string right) => string.Join(" AND ", Schema.Key.Select(k =>
        $"{left}.{Columns[k].Quoted} {Columns[k].Equality} {right}.{Columns[k].Quoted}"));

    /// <summary>What an INSERT says of a row whose key is there, perhaps in other bytes.</summary>
    public string OnConflict
    {
        get
        {
            if (Schema.Key.IsEmpty) return "";
            string set = string.Join(", ", Columns
                .Where((c, i) => i != Numbered && (!c.IsExact || !Schema.Key.Contains(i)))
                .Select(static c => $"{c.Quoted} = EXCLUDED.{c.Quoted}"));
            return set.Length == 0
                ? $" ON CONFLICT ({KeyList}) DO NOTHING"
                : $" ON CONFLICT ({KeyList}) DO UPDATE SET {set}";
        }
    }
}
