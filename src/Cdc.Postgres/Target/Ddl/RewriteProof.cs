using Cdc.Engine.Ddl;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Lets the target's server say whether expressions give the same values here as they gave at the source: as a
/// generated column of an empty temporary table, which takes nothing but immutable ones.</summary>
internal static class RewriteProof
{
    /// <param name="columns">Type with collation, and the expression.</param>
    /// <param name="areUsers">The expressions are text that a user wrote.</param>
    public static IEnumerable<DdlStatement> Of(
        TableName table, IReadOnlyCollection<(string Type, string Expression)> columns, bool areUsers)
    {
        if (columns.Count == 0) yield break;
        // Of the same name, so that an expression may say whose its columns are.
        string copy = $"pg_temp.{PostgresNames.Quote(table.Name)}";
        yield return Step($"CREATE TEMPORARY TABLE {copy} (LIKE {PostgresNames.Quote(table)})");
        int number = 0;
        foreach ((string type, string expression) in columns)
        {
            yield return Step($"ALTER TABLE {copy} ADD COLUMN cdc_proof_{++number} {type} "
                + $"GENERATED ALWAYS AS (CAST(({expression}) AS {Bare(type)})) STORED") with
            {
                ReadsSearchPath = areUsers,
            };
        }
        yield return Step(OfServer(copy));
        yield return Step($"DROP TABLE {copy}");

        DdlStatement Step(string sql) => new(DdlPhase.Prove, sql, "ALTER TABLE that writes the rows anew", table)
        {
            IsProof = true,
        };
    }

    // What a user wrote may do other things here under the same name. What extensions bring is taken to be alike, and
    // the server keeps no record that its own is used. Until 14 not the expression depends on it, but its column.
    static string OfServer(string copy) => $"""
        DO $cdc$ BEGIN IF EXISTS (
            SELECT FROM pg_catalog.pg_attrdef x
            JOIN pg_catalog.pg_depend d ON (d.classid, d.objid) IN (
                    ('pg_catalog.pg_attrdef'::pg_catalog.regclass, x.oid),
                    ('pg_catalog.pg_class'::pg_catalog.regclass, x.adrelid))
                AND d.objsubid IN (0, x.adnum)
            WHERE x.adrelid = {PostgresNames.Literal(copy)}::pg_catalog.regclass
            AND d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass,
                'pg_catalog.pg_operator'::pg_catalog.regclass)
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.refclassid
                AND e.objid = d.refobjid AND e.deptype = 'e'))
        THEN RAISE EXCEPTION USING ERRCODE = '{DdlFailures.FunctionOfUser}'; END IF; END $cdc$
        """;

    /// <summary>Fails if the target's table holds rows.</summary>
    public static DdlStatement IsEmpty(TableName table) => new(DdlPhase.Prove,
        $"SELECT 1 / CASE WHEN EXISTS (SELECT FROM {PostgresNames.Quote(table)}) THEN 0 ELSE 1 END",
        "ALTER TABLE that writes the rows anew", table) { IsProof = true };

    public static CdcException NeedsCopy(TableName table, string why) => new(FailureKind.TableStopped,
        $"Table {table} needs a new copy: {why}.",
        "Start over with a new changefeed, or leave the table out with --exclude.");

    // A cast takes no collation.
    static string Bare(string type) =>
        type.IndexOf(" COLLATE ", StringComparison.Ordinal) is var at and >= 0 ? type[..at] : type;
}
