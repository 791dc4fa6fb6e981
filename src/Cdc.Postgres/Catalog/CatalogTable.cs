using System.Collections.Immutable;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;

namespace Cdc.Postgres.Catalog;

/// <summary>What our role may do with a table.</summary>
/// <param name="IsOwner">Our role owns the table or is a member of the role that does.</param>
/// <param name="IsFiltered">A row-level security policy would hide rows from us.</param>
internal readonly record struct TablePrivileges(
    bool CanSelect, bool CanUseSchema, bool IsOwner, bool IsFiltered, string Owner);

/// <summary>One ordinary table or leaf partition, as the catalogs show it in one snapshot.</summary>
internal sealed record CatalogTable
{
    public required uint Oid { get; init; }
    public required TableName Name { get; init; }

    /// <summary>Without dropped and generated columns, in the table's order.</summary>
    public required ImmutableArray<CatalogColumn> Columns { get; init; }

    /// <summary>Names of the key's columns in the key's order: of the identity index where that is the identity, else
    /// of the primary key.</summary>
    public ImmutableArray<string> Key { get; init; } = [];

    public ReplicaIdentity Identity { get; init; }
    public UpdateBar Bar { get; init; }
    public bool CanUpdate => Bar == UpdateBar.None;

    /// <summary>Estimated; -1 if the table was never analyzed.</summary>
    public long Rows { get; init; }

    /// <summary>Size as last estimated, without a look at the table itself, which could wait for a lock.</summary>
    public long Bytes { get; init; }

    /// <summary>Rows have a place that a range of places can name: the table is of the server's own kind of
    /// storage.</summary>
    public bool IsHeap { get; init; }

    /// <summary>It holds no rows itself: its partitions do.</summary>
    public bool IsPartitioned { get; init; }

    /// <summary>Its rows are in the log: it is neither unlogged nor temporary.</summary>
    public bool IsLogged { get; init; } = true;

    public TablePrivileges Privileges { get; init; }

    public MatchedTable ToMatched() => new(Name, Oid, Rows, Bytes, Key, CanUpdate, Identity)
    {
        Columns = [.. Columns.Select(static column => column.Name)],
    };
}

/// <summary>A column as the catalogs have it.</summary>
internal readonly record struct CatalogColumn(string Name, uint Type, int Modifier);
