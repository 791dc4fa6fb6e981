using Cdc.Engine.Filters;
using Cdc.Engine.Options;
using Cdc.Postgres.Decoding;
using Cdc.Postgres.Setup;
using Cdc.Protocol;

namespace Cdc.Fuzz.Tests;

/// <summary>What a person writes.</summary>
static class TextTargets
{
    public static IEnumerable<Target> All { get; } =
    [
        Target.OfText("source address",
            ["postgres://me:p%40ss@host:5432/shop?sslmode=require", "demo:?seed=7&transactions=10&rate=0", "Host=h;Username=u"],
            static text => Address.ReadSource(text)),
        Target.OfText("target address", ["./out", "file:./out?format=debezium&gzip=true", "stdout", "blackhole:"],
            static text => Address.ReadTarget(text)),
        Target.OfText("PostgreSQL address",
            [
                "postgres://me:p%40ss@host:5432/shop?sslmode=disable&application_name=x", "postgresql:///shop?host=/tmp",
                "Host=h;Port=5432;Username=u;Password='a;b';Database=d", "postgres://u@[::1]:5433/d",
            ], static text => PostgresAddress.Parse(text)),
        Target.OfText("table pattern", ["public.orders", "public", "\"Odd.Name\".t*", "a?b.c"],
            static text => TablePattern.Parse(text)),
        Target.OfText("column pattern", ["public.orders.card", "*.*.secret_*", "\"a.b\".c.d"],
            static text => ColumnPattern.Parse(text)),
        Target.OfText("rule of kinds", ["public.log:update,delete", "s:truncate"], static text => OpsRule.Parse(text)),
        Target.OfText("end of a run", ["now", "snapshot", "00000000016B3748.0000", "2026-01-31T12:00:00Z"],
            static text => StopPoint.Parse(text)),
        Target.OfText("position", ["00000000016B3748.0000"], static text => CommitTs.Parse(text)),
        Target.OfText("length of time", ["5s", "200ms", "1.5h"], static text => OptionValues.ReadDuration(text)),
        Target.OfText("size", ["64MB", "1kB", "12"], static text => OptionValues.ReadSize(text)),
        Target.OfText("one statement",
            ["alter table \"a\".b add c text default E'x\\'' /* y */; -- z", "alter table t add c text default $a$;$a$"],
            static text =>
            {
                if (!OneStatement.Is(text, "ALTER TABLE")) throw new FormatException();
            }),
        new("configuration file",
            [[.. """{ "from": "demo:", "to": "./out", /* x */ "tables": ["a", "b"], "gzip": true, "seed": 7 }"""u8]],
            static bytes =>
            {
                if (ConfigFile.Read("cdc.json", System.Text.Encoding.UTF8.GetString(bytes)).Problems.Count > 0)
                    throw new FormatException();
            }, static refused => refused is FormatException || ConfigFile.IsUnreadable(refused)),
    ];
}
