using System.Collections.Frozen;
using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>Asks the target's catalogs what the columns are that rows go to.</summary>
internal static class TargetTableReader
{
    const string BuiltInEquality = "OPERATOR(pg_catalog.=)";

    // Of these, what is equal is printed with the same bytes. Not float (-0), numeric (1.0 and 1.00), interval; nor a
    // bpchar without a length, whose trailing blanks are printed and not compared.
    static readonly FrozenSet<string> s_exact = new[]
    {
        "boolean", "smallint", "integer", "bigint", "oid", "text", "character varying", "bpchar", "name", "\"char\"",
        "bytea", "date", "time without time zone", "timestamp without time zone", "timestamp with time zone", "uuid",
        "money", "macaddr", "macaddr8", "inet", "cidr", "pg_lsn", "xid8",
    }.ToFrozenSet();

    static readonly FrozenSet<TypeKind> s_plain = new[]
    {
        TypeKind.Boolean, TypeKind.Int16, TypeKind.Int32, TypeKind.Int64, TypeKind.Oid, TypeKind.Float32,
        TypeKind.Float64, TypeKind.Numeric, TypeKind.Date, TypeKind.Time, TypeKind.TimeTz, TypeKind.Timestamp,
        TypeKind.TimestampTz, TypeKind.Uuid, TypeKind.Bit, TypeKind.Interval,
    }.ToFrozenSet();

    public static bool Exists(PgConnection connection, TableName table) =>
        connection.Query($"SELECT pg_catalog.to_regclass({PostgresNames.Literal(PostgresNames.Quote(table))})")[0][0]
            is not null;

    /// <exception cref="CdcException">TableStopped: the table or a column of it is not there.</exception>
    public static TargetTable Read(PgConnection connection, TableSchema schema, CommitTs at)
    {
        Dictionary<string, TargetColumn> found = [];
        foreach (IReadOnlyList<string?> row in connection.Query(Query(schema.Name)))
        {
            string name = row[0]!;
            bool isBytewise = row[3] == "t";
            string? equality = row[4] is { } op ? $"OPERATOR({PostgresNames.Quote(op)}.{row[5]})"
                : row[6] == "t" ? BuiltInEquality : null;
            bool isEnum = row[2] == "e";
            found[name] = new(PostgresNames.Quote(name), row[1]!, false, equality,
                isEnum || (s_exact.Contains(row[1]!) && isBytewise), row[7] == "t", row[8] == "t",
                row[2] == "c" ? $"::{row[1]}" : "");
        }
        string[] missing = [.. schema.Columns.Select(static c => c.Name).Where(name => !found.ContainsKey(name))];
        if (missing.Length > 0)
        {
            throw new CdcException(FailureKind.TableStopped,
                found.Count == 0
                    ? $"The target has no table {schema.Name}, which rows come for at {at}."
                    : $"Table {schema.Name} of the target has no column {string.Join(", ", missing)}, "
                        + $"which rows at {at} have.",
                "Make the target's table equal to the source's, and run again.");
        }
        return new(schema, [.. schema.Columns.Select(column => found[column.Name] with
        {
            IsPlain = s_plain.Contains(column.Type.Kind),
        })]);
    }

    // The equality that an index of the type uses, since a type of an extension has it in the extension's schema, and
    // another one of the same name would be found first. Types without one of their own use that of a type they are
    // stored like (varchar: text).
    static string Query(TableName table) => $"""
        WITH RECURSIVE base(attnum, name, typ, coll, length, generated, numbered) AS (
            SELECT a.attnum, a.attname, a.atttypid, a.attcollation, a.atttypmod, a.attgenerated <> '',
                a.attidentity = 'a'
            FROM pg_attribute a
            WHERE a.attrelid = to_regclass({PostgresNames.Literal(PostgresNames.Quote(table))})
                AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT b.attnum, b.name, t.typbasetype, b.coll, t.typtypmod, b.generated, b.numbered
            FROM base b JOIN pg_type t ON t.oid = b.typ AND t.typtype = 'd')
        SELECT b.name, format_type(t.oid, -1), t.typtype,
            COALESCE(c.collisdeterministic, true) AND (t.oid <> 'bpchar'::regtype OR b.length >= 0),
            op.nspname, op.oprname,
            t.typtype IN ('e', 'r', 'm', 'c') OR t.typcategory = 'A' OR t.oid IN (
                'varchar'::regtype, 'cidr'::regtype), b.generated, b.numbered
        FROM base b
        JOIN pg_type t ON t.oid = b.typ AND t.typtype <> 'd'
        LEFT JOIN pg_collation c ON c.oid = b.coll
        LEFT JOIN LATERAL (
            SELECT n.nspname, o.oprname FROM pg_opclass oc
            JOIN pg_am m ON m.oid = oc.opcmethod AND m.amname IN ('btree', 'hash')
            JOIN pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amoplefttype = oc.opcintype
                AND ao.amoprighttype = oc.opcintype
                AND ao.amopstrategy = CASE m.amname WHEN 'btree' THEN 3 ELSE 1 END
            JOIN pg_operator o ON o.oid = ao.amopopr
            JOIN pg_namespace n ON n.oid = o.oprnamespace
            WHERE oc.opcintype = t.oid AND oc.opcdefault
            ORDER BY m.amname LIMIT 1) op ON true
        ORDER BY b.attnum
        """;
}
