using System.Collections.Immutable;
using System.Text;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Capture;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Conformance.Tests.Target.Ddl;

/// <summary>All tables and types of a database as the capture describes them, and what has changed since an earlier
/// look, as the capture says it.</summary>
internal sealed record CatalogState(
    ImmutableSortedDictionary<uint, TableSchema> Tables, ImmutableSortedDictionary<uint, TypeDefinition> Types,
    ImmutableSortedDictionary<uint, string> Schemas)
{
    const string OfUsers = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'cdc', 'test')";

    public static CatalogState Read(PgConnection connection)
    {
        string tables = DefinitionQuery.Text.Replace("$1",
            "(ARRAY(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            + $"WHERE c.relkind IN ('r', 'p') AND {OfUsers}))", StringComparison.Ordinal);
        TableSchema[] all = [.. connection.Query(tables)
            .Select(row => CapturedTable.Parse(Encoding.UTF8.GetBytes(row[1]!)))
            .Select(static table => table.ToSchema(new TableId(table.Oid), CommitTs.Zero))];
        string types = "SELECT json_strip_nulls((" + DefinitionQuery.Types.Replace("$1",
            "(ARRAY(SELECT t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
            + $"LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE {OfUsers} AND COALESCE(c.relkind, 'c') = 'c' "
            + "AND t.typtype IN ('e', 'd', 'c', 'r')))", StringComparison.Ordinal) + "))";
        string json = $"{{\"types\":{connection.Query(types)[0][0] ?? "[]"}}}";
        TypeDefinition[] made =
            CatalogJson.Read(Encoding.UTF8.GetBytes(json), static root => DefinitionJson.Types(root).ToArray());
        return new(
            all.ToImmutableSortedDictionary(static table => table.SourceId, static table => table),
            made.ToImmutableSortedDictionary(static type => type.SourceId, static type => type),
            connection.Query($"SELECT n.oid, n.nspname FROM pg_namespace n WHERE {OfUsers}").ToImmutableSortedDictionary(
                static row => uint.Parse(row[0]!, System.Globalization.CultureInfo.InvariantCulture),
                static row => row[1]!));
    }

    /// <param name="rewrites">Tables that the statement wrote anew.</param>
    public ImmutableArray<SchemaChange> Since(
        CatalogState before, IReadOnlyDictionary<uint, TableRewrite> rewrites)
    {
        List<SchemaChange> changes = [];
        foreach ((uint oid, string name) in Schemas)
        {
            if (before.Schemas.TryGetValue(oid, out string? old) && old != name)
                changes.Add(new SchemaChange.SchemaRenamed(old, name));
        }
        HashSet<uint> used = [.. before.Used(), .. Used()];
        foreach ((uint oid, TypeDefinition type) in Types.Where(type => used.Contains(type.Key)))
        {
            if (before.Types.TryGetValue(oid, out TypeDefinition? old) && old != type)
                changes.Add(new SchemaChange.TypeAltered(old, type));
        }
        foreach ((uint oid, TableSchema table) in Tables)
        {
            TableRewrite rewrite = rewrites.GetValueOrDefault(oid);
            if (!before.Tables.TryGetValue(oid, out TableSchema? old)) changes.Add(new SchemaChange.TableCreated(table));
            else if (!old.HasShapeOf(table) || rewrite != TableRewrite.None || IsAbove(table.Name, rewrites))
                changes.Add(new SchemaChange.TableAltered(old, table, rewrite));
        }
        foreach ((uint oid, TableSchema table) in before.Tables)
        {
            if (!Tables.ContainsKey(oid)) changes.Add(new SchemaChange.TableDropped(table));
        }
        foreach ((uint oid, TypeDefinition type) in before.Types)
        {
            if (!Types.ContainsKey(oid)) changes.Add(new SchemaChange.TypeDropped(type.Name));
        }
        foreach ((uint oid, string name) in before.Schemas)
        {
            if (!Schemas.ContainsKey(oid)) changes.Add(new SchemaChange.SchemaDropped(name));
        }
        return [.. changes];
    }

    // A statement on a partitioned table writes its partitions anew; the table is what it names.
    bool IsAbove(TableName name, IReadOnlyDictionary<uint, TableRewrite> rewrites) =>
        rewrites.Keys.Any(oid => Tables.TryGetValue(oid, out TableSchema? table) && IsBelow(table, name));

    bool IsBelow(TableSchema table, TableName name) => table.Definition!.PartitionOf is { } parent
        && (parent == name || Tables.Values.Any(other => other.Name == parent && IsBelow(other, name)));

    IEnumerable<uint> Used() =>
        Tables.Values.SelectMany(static table => table.Definition!.Types).Select(static type => type.SourceId);
}
