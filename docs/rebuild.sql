-- Rebuilds tables from NDJSON files, on PostgreSQL 14 or newer. The tables must exist (pg_dump --schema-only); what they
-- hold is replaced. Lines may come in any order and more than once.
--
--   psql -f rebuild.sql
--   (cd out && find index -name '*.json' | sort | xargs grep -ho '"data/[^"]*"' | xargs gzip -cdf) |
--     psql -c "\copy cdc_rebuild.lines(line) from stdin with (format csv, quote e'\x01', delimiter e'\x02')"
--   psql -c "select * from cdc_rebuild.rebuild()"
--
-- The quote and the delimiter are characters that a line never contains, so that each line arrives as it is.
-- Which files count is said by their index: only those that it names are read.

create schema if not exists cdc_rebuild;

create table if not exists cdc_rebuild.lines (line json not null);

-- One line per change, in the order of the changes. The position sorts as text, in bytes.
create or replace view cdc_rebuild.changes (
    pos, op, schema_name, table_name, key, before, after, json_null, kind, was, added, renamed) as
select distinct on (pos) change.*
from cdc_rebuild.lines, json_to_record(line) as change (
    pos text collate "C", op text, schema text, "table" text, key json, before json, after json, "jsonNull" json, kind text,
    was json, added json, renamed json)
where op in ('r', 'c', 'u', 'd', 't') or op = 'ddl' and "table" is not null
order by pos;

-- The changes of one table, also those that it has under the names that it had before.
create or replace function cdc_rebuild.changes_of(target regclass) returns setof cdc_rebuild.changes language sql as $$
    with recursive names(schema_name, table_name, since, until, was) as (
        select s.nspname::text, t.relname::text, b.pos, 'G' collate "C", b.was
        from pg_class as t join pg_namespace as s on s.oid = t.relnamespace
        left join lateral (
            select * from cdc_rebuild.changes as c
            where c.schema_name = s.nspname and c.table_name = t.relname and c.op = 'ddl'
                and (c.kind <> 'alter' or c.was is not null)
            order by c.pos desc limit 1) as b on true
        where t.oid = target
        union all
        select n.was->>'schema', n.was->>'name', b.pos, n.since, b.was
        from names as n
        left join lateral (
            select * from cdc_rebuild.changes as c
            where c.schema_name = n.was->>'schema' and c.table_name = n.was->>'name' and c.op = 'ddl'
                and (c.kind <> 'alter' or c.was is not null) and c.pos < n.since
            order by c.pos desc limit 1) as b on true
        where n.was is not null
    )
    select c.* from names as n
    join cdc_rebuild.changes as c on c.schema_name = n.schema_name and c.table_name = n.table_name
        and c.pos >= coalesce(n.since, '') and c.pos < n.until
    order by c.pos;
$$;

-- A row's columns, or a list of their names, by the names that they have at the end.
create or replace function cdc_rebuild.at_the_end(image json, renames json[]) returns json language plpgsql as $$
declare
    renaming json;
begin
    foreach renaming in array renames loop
        if json_typeof(image) = 'object' then
            select coalesce(json_object_agg(coalesce(renaming->>i.key, i.key), i.value), '{}') into image from json_each(image) as i;
        elsif json_typeof(image) = 'array' then
            select json_agg(coalesce(renaming->>i, i)) into image from json_array_elements_text(image) as i;
        end if;
    end loop;
    return image;
end
$$;

-- Applies all changes of one table, in order; returns how many. Compiling the queries would take longer than they do.
create or replace function cdc_rebuild.rebuild(target regclass) returns bigint language plpgsql set jit = off as $$
declare
    change record;
    old text; -- as text, because its type is another one in each call
    place tid;
    name text;
    applied bigint := 0;
    insertion text;
    key_names text; -- the columns of "key"
    nulls json;     -- the columns of "before" that held the JSON value null
    not_null text;
    renames json[]; -- of columns, that are still to come
    later text;     -- a row with the values of columns that are still to come
    name_and_value record;
begin
    -- All columns but the generated ones.
    select coalesce(
        format('insert into %1$s (%2$s) overriding system value select %2$s '
            || 'from json_populate_record($1::%1$s, $2) returning ctid',
            target, string_agg(quote_ident(attname), ', ' order by attnum)),
        '') into insertion
    from pg_attribute
    where attrelid = target and attnum > 0 and not attisdropped and attgenerated = '';
    if not exists (select from pg_attribute where attrelid = target and attnum > 0 and not attisdropped) then
        insertion := format('insert into %s default values returning ctid', target);
    end if;

    execute format('delete from only %s', target);
    select coalesce(array_agg(c.renamed order by c.pos), '{}') into renames
    from cdc_rebuild.changes_of(target) as c where c.renamed is not null;
    select coalesce(json_object_agg(cdc_rebuild.at_the_end(json_build_array(a.key),
            (select coalesce(array_agg(l.renamed order by l.pos), '{}') from cdc_rebuild.changes_of(target) as l
             where l.renamed is not null and l.pos > c.pos))->>0, a.value), '{}')::text into later
    from cdc_rebuild.changes_of(target) as c, json_each_text(c.added) as a where c.added is not null;
    execute format('select t::text from json_populate_record(null::%s, $1) as t', target) into later using later::json;

    for change in select * from cdc_rebuild.changes_of(target) as c order by c.pos loop
        applied := applied + 1;
        if change.op = 't' or change.op = 'ddl' and change.kind <> 'alter' then
            execute format('delete from only %s', target);
            continue;
        end if;
        if change.op = 'ddl' then
            if change.renamed is not null then
                renames := renames[2:];
            end if;
            -- No line comes for the rows that are there: they have what the column was added with.
            for name_and_value in
                select cdc_rebuild.at_the_end(json_build_array(a.key), renames)->>0 as name, a.value
                from json_each_text(change.added) as a
            loop
                if exists (select from pg_attribute where attrelid = target and attname = name_and_value.name and attnum > 0) then
                    execute format('update only %1$s as t set %2$I = (json_populate_record(t, $1)).%2$I', target, name_and_value.name)
                    using json_build_object(name_and_value.name, name_and_value.value);
                end if;
            end loop;
            continue;
        end if;
        if cardinality(renames) > 0 then
            change.key := cdc_rebuild.at_the_end(change.key, renames);
            change.before := cdc_rebuild.at_the_end(change.before, renames);
            change.after := cdc_rebuild.at_the_end(change.after, renames);
            change.json_null := json_strip_nulls(json_build_object(
                'before', cdc_rebuild.at_the_end(change.json_null->'before', renames),
                'after', cdc_rebuild.at_the_end(change.json_null->'after', renames)));
        end if;

        -- Take the old row away, and keep it: values that are not in "after" did not change.
        place := null;
        if change.op in ('u', 'd') or json_typeof(change.key) = 'object' then
            if json_typeof(change.key) = 'object' then
                select string_agg(quote_ident(k), ', ') into key_names from json_object_keys(change.key) as k;
                execute format(
                    'select ctid from %1$s where (%2$s) = (select %2$s from json_populate_record('
                    || 'json_populate_record(null::%1$s, $1), $2))', target, key_names)
                into place
                using change.key, case when change.op = 'u' and json_typeof(change.before) = 'object' then change.before end;
            else
                -- Without a key any one of equal rows will do. The operator compares bytes: every type has it.
                -- Where the JSON value null stood, the row must have that and not NULL.
                select coalesce(json_object_agg(n, null), '{}'), coalesce(string_agg(format(' and t.%I is not null', n), ''), '')
                into nulls, not_null
                from json_array_elements_text(change.json_null->'before') as n;
                execute format(
                    'select ctid from %1$s as t where json_populate_record(t, $2) *= json_populate_record($3::%1$s, $1) '
                    || '%2$s limit 1', target, not_null)
                into place using change.before, nulls, later;
            end if;
            if place is null and change.op in ('u', 'd') then
                raise exception '%: % has no such row', change.pos, target;
            end if;
        end if;

        execute format('select t::text from %1$s as t where ctid = $1', target) into old using place;
        if place is not null then
            execute format('delete from %s where ctid = $1', target) using place;
        end if;
        continue when change.op = 'd';

        execute insertion into place using case when change.op = 'u' then old else later end, change.after;

        -- The JSON value null looks like NULL in a line; its columns are named.
        for name in select json_array_elements_text(change.json_null->'after') loop
            execute format('update %s set %I = ''null'' where ctid = $1 returning ctid', target, name)
            into place using place;
        end loop;
    end loop;
    return applied;
end
$$;

-- Rebuilds every table that the lines name. Needs the right to set session_replication_role, so that triggers and foreign
-- keys do not act; without it, call the function above table by table, parents first.
create or replace function cdc_rebuild.rebuild() returns table (rebuilt text, applied bigint) language plpgsql as $$
begin
    set local session_replication_role = replica;
    return query
        select names.name, cdc_rebuild.rebuild(names.name::regclass)
        from (
            select distinct format('%I.%I', c.schema_name, c.table_name) as name from cdc_rebuild.changes as c
            -- What was dropped or renamed need not be there; what holds only partitions has no rows.
            where not exists (
                    select from pg_class as t join pg_namespace as s on s.oid = t.relnamespace
                    where t.relname = c.table_name and s.nspname = c.schema_name and t.relkind = 'p')
                and (to_regclass(format('%I.%I', c.schema_name, c.table_name)) is not null or not exists (
                    select from cdc_rebuild.changes as d where d.op = 'ddl' and (
                        d.schema_name = c.schema_name and d.table_name = c.table_name and d.kind in ('drop', 'leave')
                        or d.was->>'schema' = c.schema_name and d.was->>'name' = c.table_name)))
        ) as names
        order by 1;
end
$$;
