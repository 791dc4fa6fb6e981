namespace Cdc.EndToEnd.Tests.Rig.Database;

/// <summary>What an application's migrations do, round after round: each string is sent as one, by a plain role, and is a
/// transaction of its own unless it opens one. None may fail.</summary>
static class Migrations
{
    /// <summary>One round; <paramref name="n"/> tells its tables from those of other rounds.</summary>
    public static IEnumerable<string> Round(int n) =>
    [
        .. MixedTransaction(n), .. RowsBeforeTheirTable(n), .. Code(n), .. Types(n), .. Partitions(n), .. Keys(n),
        .. References(n), .. Rewrites(n), .. Gone(n), .. Undone(n), .. Names(n),
    ];

    // Rows before, between and behind several changes of one transaction; a default that is one moment for all.
    static IEnumerable<string> MixedTransaction(int n) =>
    [
        $"""
        create table shop.m{n} (id bigint primary key, v text);
        insert into shop.m{n} select g, 'v' || g from generate_series(1, 20) g;
        alter table shop.m{n} add column at timestamptz default now();
        insert into shop.m{n}(id, v) values (100, 'later');
        alter table shop.m{n} add column k int default 7 not null;
        update shop.m{n} set k = 8 where id = 3;
        """,
        $"alter table shop.m{n} rename column v to w; alter table shop.m{n} rename to r{n}; insert into shop.r{n}(id, w) values (200, 'w')",
        $"create index on shop.r{n}(w); alter table shop.r{n} alter column k type bigint; insert into shop.r{n}(id, k) values (201, 5000000000)",
        $"begin; alter table shop.r{n} drop column k; alter table shop.r{n} add column z int; update shop.r{n} set z = id; commit",
        $"alter table shop.r{n} add column later timestamptz default timestamptz '2026-01-01' + interval '1 day'",
        $"insert into shop.scratch values ({n} + 1000000, 'x'); truncate shop.scratch, shop.r{n}; insert into shop.r{n}(id) values ({n})",
    ];

    static IEnumerable<string> RowsBeforeTheirTable(int n) =>
    [
        $"create table shop.c{n} as select g as id, md5(g::text) as t from generate_series(1, 30) g",
        $"alter table shop.c{n} add primary key (id); update shop.c{n} set t = 'x' where id = 5; delete from shop.c{n} where id = 6",
        $"select g as id, g * 2 as twice into shop.i{n} from generate_series(1, 5) g; insert into shop.i{n} values (6, 12)",
    ];

    static IEnumerable<string> Code(int n) =>
    [
        $$"""
        do $$ begin
            create table shop.d{{n}}(id int primary key, x numeric);
            insert into shop.d{{n}} select g, g / 3.0 from generate_series(1, 10) g;
            alter table shop.d{{n}} add column y text default 'why';
            update shop.d{{n}} set y = 'because' where id = 2;
        end $$
        """,
        $"begin; savepoint a; create table shop.u{n}(id int primary key); insert into shop.u{n} values (1); rollback to a; "
            + $"create table shop.u{n}(id int primary key, q text); insert into shop.u{n} values (1, 'q'); commit",
    ];

    static IEnumerable<string> Types(int n) =>
    [
        $"create type shop.e{n} as enum ('a', 'b'); create type shop.pair{n} as (x int, y text); create domain shop.few{n} as int check (value < 100)",
        $"create table shop.t{n}(id int primary key, e shop.e{n} default 'a', p shop.pair{n}, f shop.few{n}, es shop.e{n}[])",
        $"insert into shop.t{n} values (1, 'b', (1, 'one'), 5, array['a', 'b']::shop.e{n}[])",
        $"alter type shop.e{n} add value 'c' before 'b'",
        $"insert into shop.t{n} values (2, 'c', (2, 'two'), 6, null); alter type shop.e{n} rename value 'a' to 'first'; update shop.t{n} set f = 7",
    ];

    static IEnumerable<string> Partitions(int n) =>
    [
        $"""
        create table shop.p{n}(id int, day date, primary key (id, day)) partition by range (day);
        create table shop.p{n}_1 partition of shop.p{n} for values from ('2026-01-01') to ('2026-07-01');
        create table shop.p{n}_2 partition of shop.p{n} for values from ('2026-07-01') to ('2027-01-01');
        insert into shop.p{n} select g, date '2026-01-01' + g * 30 from generate_series(1, 11) g;
        """,
        $"update shop.p{n} set day = '2026-12-01' where id = 1",
        $"alter table shop.p{n} detach partition shop.p{n}_1; insert into shop.p{n}_1 values (50, '2026-02-02')",
        $"alter table shop.p{n} attach partition shop.p{n}_1 for values from ('2026-01-01') to ('2026-07-01')",
    ];

    static IEnumerable<string> Keys(int n) =>
    [
        $"create table shop.k{n}(x int, y text); insert into shop.k{n} select g, 'y' from generate_series(1, 9) g",
        $"alter table shop.k{n} alter x set not null, add primary key (x); update shop.k{n} set y = 'keyed' where x < 4",
        $"update shop.k{n} set x = x + 100 where x < 3; delete from shop.k{n} where x = 9",
        $"alter table shop.k{n} drop constraint k{n}_pkey; insert into shop.k{n} values (1, 'without'); alter table shop.k{n} replica identity full",
        $"update shop.k{n} set y = 'whole' where x = 5; delete from shop.k{n} where x = 6",
    ];

    static IEnumerable<string> References(int n) =>
    [
        $"create table shop.s{n}(id serial primary key, who text unique, no int generated always as identity, len int generated always as (length(who)) stored)",
        $"create table shop.f{n}(id int primary key, s int references shop.s{n}(id) on delete cascade)",
        $"insert into shop.s{n}(who) select 'w' || g from generate_series(1, 6) g; insert into shop.f{n} select g, g from generate_series(1, 6) g",
        $"begin; update shop.s{n} set who = 'swap' where id = 1; update shop.s{n} set who = 'w1' where id = 2; update shop.s{n} set who = 'w2' where id = 1; commit",
        $"delete from shop.s{n} where id = 3",
    ];

    // Of a table that is being copied, in the first rounds: its copy must not come out empty.
    static IEnumerable<string> Rewrites(int n) =>
        [$"alter table shop.lines alter column line type {(n % 2 == 0 ? "int" : "bigint")}"];

    static IEnumerable<string> Gone(int n) => n < 2
        ? []
        :
        [
            $"drop table shop.d{n - 1}",
            $"begin; drop table shop.c{n - 1}; create table shop.c{n - 1}(id int primary key, other text); insert into shop.c{n - 1} values (1, 'new'); commit",
            $"drop table shop.f{n - 1}, shop.s{n - 1}", $"drop table shop.p{n - 1}",
        ];

    static IEnumerable<string> Undone(int n) =>
        [$"begin; create table shop.never{n}(id int primary key); insert into shop.never{n} values (1); drop table shop.r{n}; rollback"];

    static IEnumerable<string> Names(int n) =>
    [
        $"""create table shop."Odd ""name"".{n}"("The id" int primary key, "select" text default 'it''s'); insert into shop."Odd ""name"".{n}" values (1)""",
        $"""alter table shop."Odd ""name"".{n}" rename "select" to "from"; update shop."Odd ""name"".{n}" set "from" = 'x' """,
    ];
}
