using System.Globalization;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Snapshot;

/// <summary>How one table is copied: in how many ranges of places, and with which statement each.</summary>
/// <remarks>Ranges of ctid need no key and are equal in size; the server reads just them (a TID range scan, since 14).
/// The last one has no end, so that a table that grew or whose size was misjudged is still copied whole.</remarks>
internal sealed class TableCopyPlan
{
    const int PartsMax = 4096;

    readonly long _pages;

    public TableCopyPlan(TableSchema schema, bool isHeap, TableSize size, long partBytes)
    {
        Schema = schema;
        _pages = size.Pages;
        if (schema.Definition?.Form == TableForm.Partitioned) Parts = 0;
        else Parts = isHeap ? (int)Math.Clamp(size.Bytes / partBytes, 1, Math.Min(_pages, PartsMax)) : 1;
    }

    public TableSchema Schema { get; }

    public int Parts { get; }

    public string Lock => $"LOCK TABLE ONLY {PostgresNames.Quote(Schema.Name)} IN ACCESS SHARE MODE";

    /// <summary>One row of two booleans, to be asked under the lock: the name still means this table, and its storage
    /// is the one that the snapshot saw. A table that was rewritten since reads as empty, without an error.</summary>
    public string Check => string.Create(CultureInfo.InvariantCulture, $"""
        SELECT COALESCE(c.oid =
                pg_catalog.to_regclass({PostgresNames.Literal(PostgresNames.Quote(Schema.Name))})::oid, false),
            c.relfilenode IS NOT DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)
        FROM pg_catalog.pg_class c WHERE c.oid = {Schema.SourceId}
        """);

    public string Copy(int part)
    {
        string columns = string.Join(", ", Schema.Columns.Select(static c => PostgresNames.Quote(c.Name)));
        string from = $"SELECT {columns} FROM ONLY {PostgresNames.Quote(Schema.Name)}";
        if (Parts == 1) return $"COPY ({from}) TO STDOUT";
        string range = string.Create(CultureInfo.InvariantCulture, $"ctid >= '({_pages * part / Parts},0)'::tid");
        if (part + 1 < Parts)
            range += string.Create(CultureInfo.InvariantCulture,
                $" AND ctid < '({_pages * (part + 1) / Parts},0)'::tid");
        return $"COPY ({from} WHERE {range}) TO STDOUT";
    }
}

/// <summary>How large a table is.</summary>
/// <param name="Pages">Pages of the table itself, at least one.</param>
/// <param name="Bytes">All of it, with what is stored out of line.</param>
internal readonly record struct TableSize(long Pages, long Bytes);
