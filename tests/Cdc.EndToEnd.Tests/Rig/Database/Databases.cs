using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Rig.Database;

/// <summary>Compares two databases by what their own catalogs and tables say: schemas object by object, rows one by
/// one.</summary>
static class Databases
{
    // Tables whose updates and deletes PostgreSQL does not publish: the copy has their inserts only.
    static readonly string[] NotCompared = ["keyless", "deferred", "nothing"];

    public static async Task MustEqualAsync(PostgresCluster source, string original, PostgresCluster target, string copy)
    {
        foreach ((string what, string query) in Catalogs) Same(what, await Lines(source, original, query), await Lines(target, copy, query));
        foreach (string table in await Lines(source, original, Tables))
        {
            if (NotCompared.Any(table.EndsWith)) continue;
            string rows = $"select t::text from shop.{table} t";
            Same($"Rows of {table}", await Lines(source, original, rows), await Lines(target, copy, rows));
        }
    }

    static void Same(string what, List<string> expected, List<string> found)
    {
        List<string> missing = Without(expected, found), extra = Without(found, expected);
        Assert.True(missing.Count + extra.Count == 0,
            $"{what}: {missing.Count} missing, {extra.Count} too many.\nMissing:\n{Some(missing)}\nToo many:\n{Some(extra)}");
    }

    static string Some(List<string> lines) =>
        string.Join('\n', lines.Take(8).Select(static line => "  " + (line.Length > 200 ? line[..200] : line)));

    static List<string> Without(List<string> lines, List<string> others)
    {
        Dictionary<string, int> left = [];
        foreach (string other in others) left[other] = left.GetValueOrDefault(other) + 1;
        List<string> result = [];
        foreach (string line in lines)
        {
            if (left.GetValueOrDefault(line) > 0) left[line]--;
            else result.Add(line);
        }
        return result;
    }

    static async Task<List<string>> Lines(PostgresCluster cluster, string database, string query) =>
        [.. (await cluster.QueryAsync(query, database)).Select(static row => row[0] ?? "NULL")];

    const string Tables = """
        select quote_ident(relname) from pg_class where relnamespace = 'shop'::regnamespace and relkind = 'r' order by 1
        """;

    static readonly (string What, string Query)[] Catalogs =
    [
        ("Tables", """
            select c.relname || ' ' || c.relkind::text || ' ' || c.relreplident::text || ' '
                || coalesce(pg_get_partkeydef(c.oid), '') || ' ' || coalesce(pg_get_expr(c.relpartbound, c.oid), '')
                || ' ' || coalesce((select string_agg(i.inhparent::regclass::text, ',') from pg_inherits i where i.inhrelid = c.oid), '')
            from pg_class c where c.relnamespace = 'shop'::regnamespace and c.relkind in ('r', 'p')
            """),
        ("Columns", """
            select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' '
                || a.attidentity::text || a.attgenerated::text || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
            where c.relnamespace = 'shop'::regnamespace and c.relkind in ('r', 'p')
            """),
        ("Order of columns", """
            select c.relname || ' ' || string_agg(a.attname, ',' order by a.attnum)
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where c.relnamespace = 'shop'::regnamespace and c.relkind in ('r', 'p') group by c.relname
            """),
        ("Constraints", """
            select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
            where connamespace = 'shop'::regnamespace and conrelid <> 0
            """),
        ("Indexes", """
            select indexdef from pg_indexes where schemaname = 'shop'
            """),
        ("Types", """
            select t.typname || ' ' || t.typtype::text || ' ' || coalesce((select string_agg(e.enumlabel, ',' order by e.enumsortorder)
                from pg_enum e where e.enumtypid = t.oid), '') || coalesce(' on ' || nullif(t.typbasetype, 0)::regtype, '')
            from pg_type t left join pg_class c on c.oid = t.typrelid
            where t.typnamespace = 'shop'::regnamespace and t.typtype in ('e', 'd', 'c') and (c.oid is null or c.relkind = 'c')
            """),
    ];
}
