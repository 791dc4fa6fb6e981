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
create or replace view cdc_rebuild.changes as
select distinct on (pos) *
from (
    select line->>'pos' collate "C" as pos, line->>'op' as op, line->>'schema' as schema_name, line->>'table' as table_name,
        line->'key' as key, line->'before' as before, line->'after' as after, line->'jsonNull' as json_null
    from cdc_rebuild.lines
    where line->>'op' in ('r', 'c', 'u', 'd', 't')
) as changes
order by pos;

-- Applies all changes of one table, in order; returns how many.
create or replace function cdc_rebuild.rebuild(target regclass) returns bigint language plpgsql as $$
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

    execute format('delete from %s', target);

    for change in
        select c.* from cdc_rebuild.changes as c
        join pg_class as t on t.relname = c.table_name
        join pg_namespace as s on s.oid = t.relnamespace and s.nspname = c.schema_name
        where t.oid = target
        order by c.pos
    loop
        applied := applied + 1;
        if change.op = 't' then
            execute format('delete from %s', target);
            continue;
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
                    'select ctid from %1$s as t where json_populate_record(t, $2) *= json_populate_record(null::%1$s, $1) '
                    || '%2$s limit 1', target, not_null)
                into place using change.before, nulls;
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

        execute insertion into place using case when change.op = 'u' then old end, change.after;

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
        select format('%I.%I', schema_name, table_name), cdc_rebuild.rebuild(format('%I.%I', schema_name, table_name)::regclass)
        from (select distinct schema_name, table_name from cdc_rebuild.changes) as tables
        order by 1;
end
$$;
