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
        yield return Step($"DROP TABLE {copy}");

        DdlStatement Step(string sql) => new(DdlPhase.Prove, sql, "ALTER TABLE that writes the rows anew", table)
        {
            IsProof = true,
        };
    }

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
