using System.Collections.Immutable;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Decoding;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Npgsql;

namespace Cdc.Postgres.Catalog;

/// <summary>Answers the stream's questions from the catalogs as they are now, over a connection of its own.</summary>
/// <remarks>Blocks its caller, the stream's reader, which asks only when a table's shape is new. An answer that does
/// not come in time is a server that does not answer: the stream begins again.</remarks>
internal sealed class LiveCatalog(
    ControlConnections connections, TypeCatalog types, TimeProvider clock, CancellationToken stop = default)
    : ITableCatalog
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public ITableCatalog Until(CancellationToken stop) => new LiveCatalog(connections, types, clock, stop);

    public ColumnType Resolve(uint typeOid, int typmod)
    {
        // A type that is gone is asked for each time it appears in a new shape, which is seldom.
        if (!types.Knows(typeOid)) Ask((this, typeOid), static async (state, connection, cancellationToken) =>
        {
            await state.Item1.Types.LoadAsync(connection, [state.typeOid], cancellationToken).ConfigureAwait(false);
            return 0;
        });
        return types.Get(typeOid, typmod) with { Modifier = typmod };
    }

    public ImmutableArray<string> Key(uint tableOid) =>
        Ask(tableOid, static async (oid, connection, cancellationToken) =>
    {
        ImmutableArray<CatalogTable> tables =
            await TableCatalog.ReadAsync(connection, [oid], cancellationToken).ConfigureAwait(false);
        return tables.IsEmpty ? [] : tables[0].Key;
    });

    TypeCatalog Types => types;

    TResult Ask<TState, TResult>(
        TState state, Func<TState, NpgsqlConnection, CancellationToken, Task<TResult>> question)
    {
        using CancellationTokenSource limit = new(Limit, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
        try
        {
            return connections.RunAsync(state, question, either.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException error) when (!stop.IsCancellationRequested)
        {
            throw PgFailures.Unreachable(connections.Endpoint, "did not answer in time", error);
        }
    }
}
