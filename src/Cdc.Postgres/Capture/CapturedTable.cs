using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;
using Cdc.Protocol;

namespace Cdc.Postgres.Capture;

/// <summary>One table as the catalogs have it: all that a target rebuilds, and all that reading its rows takes.</summary>
internal sealed record CapturedTable
{
    public required uint Oid { get; init; }
    public required TableName Name { get; init; }
    public required TableDefinition Definition { get; init; }

    /// <summary>The columns of rows in the log: without generated ones. <see cref="Column.IsIdentity"/> is
    /// set.</summary>
    public required ImmutableArray<Column> Columns { get; init; }

    /// <summary>Ordinals of the key's columns, in the key's order: of the identity index where that is the identity,
    /// else of the primary key.</summary>
    public ImmutableArray<int> Key { get; init; } = [];

    public ReplicaIdentity Identity { get; init; }
    public UpdateBar Bar { get; init; }

    /// <summary>Whether its rows are in the log: not those of unlogged and temporary tables.</summary>
    public bool IsLogged { get; init; }

    /// <summary>The table's shape as a version of the schema history.</summary>
    public TableSchema ToSchema(TableId id, CommitTs since) => new()
    {
        Id = id,
        Since = since,
        Name = Name,
        SourceId = Oid,
        Identity = Identity,
        Columns = Columns,
        Key = Key,
        Definition = Definition,
    };

    /// <exception cref="Engine.Failures.CdcException">ProtocolViolation.</exception>
    public static CapturedTable Parse(ReadOnlyMemory<byte> json) => CatalogJson.Read(json, DefinitionJson.Table);
}
