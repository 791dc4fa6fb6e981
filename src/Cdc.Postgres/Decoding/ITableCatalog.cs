using System.Collections.Immutable;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Decoding;

/// <summary>What a RELATION message does not say and the server's catalogs know.</summary>
/// <remarks>
/// Asked only when a RELATION differs from every version known, on the reader's own thread; may block on a connection
/// of its own, never on the replication connection. The catalogs show now, the message shows then: whatever is gone
/// meanwhile gets the answer that each method names, not an error.
/// Errors: <see cref="Engine.Failures.CdcException"/> of kind SourceUnreachable, SourceRefused or SourceUnfit.
/// </remarks>
internal interface ITableCatalog
{
    /// <summary>The type with this number. <see cref="ColumnType.SourceId"/> and <see cref="ColumnType.Modifier"/> of
    /// the answer are exactly the arguments (for a domain too: its own number), since shapes are compared by them.
    /// A type that is gone is <see cref="TypeKind.Other"/> under its number as name.</summary>
    ColumnType Resolve(uint typeOid, int typmod);

    /// <summary>Names of the columns of the table's key, in the key's order: those of the identity index where the
    /// table has REPLICA IDENTITY USING INDEX, else of the primary key. Empty if it has none or is gone.</summary>
    ImmutableArray<string> Key(uint tableOid);

    /// <summary>The same, where a question ends with an <see cref="OperationCanceledException"/> once the stream is
    /// stopped.</summary>
    ITableCatalog Until(CancellationToken stop) => this;
}
