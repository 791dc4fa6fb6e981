namespace Cdc.EndToEnd.Tests.Rig;

/// <summary>The page of SQL that the formats' documentation gives its readers, for one table.</summary>
static class RebuildPage
{
    public static string For(string table) => $"""
        create table rebuilt.{table} as
        with change as (
            select line->>'pos' as pos, line->>'op' as op, line->'after' as after,
                   case when line->'key' is null or line->>'key' is null then null else (line->'key')::text end as key
            from rebuilt.line where line->>'schema' = 'shop' and line->>'table' = '{table}'),
        epoch as (select coalesce(max(pos) filter (where op = 't'), '') as start from change)
        select r.* from change, json_populate_record(null::shop.{table}, after) r where false
        """;
}
