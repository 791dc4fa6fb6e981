using System.Collections.Concurrent;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Snapshot;

/// <summary>The connections that copy: not more at a time than allowed, each used again by the next part.</summary>
internal sealed class SnapshotWorkers(PgEndpoint endpoint, PgConnectOptions options, int parallel) : IDisposable
{
    readonly SemaphoreSlim _allowed = new(parallel, parallel);
    readonly ConcurrentBag<PgConnection> _idle = [];
    readonly CancellationTokenSource _ended = new();

    /// <summary>Ends with this object.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Waits for its turn. Every turn is given back once.</summary>
    public Task TurnAsync(CancellationToken cancellationToken) => _allowed.WaitAsync(cancellationToken);

    public void GiveTurnBack() => _allowed.Release();

    /// <summary>An idle connection, or a new one. Blocks.</summary>
    public PgConnection Take(CancellationToken cancellationToken) =>
        _idle.TryTake(out PgConnection? idle) ? idle : PgConnection.Connect(endpoint, options, cancellationToken);

    /// <summary>Takes back a connection that is outside a transaction.</summary>
    public void GiveBack(PgConnection connection)
    {
        if (_ended.IsCancellationRequested) connection.Dispose();
        else _idle.Add(connection);
    }

    public void Dispose()
    {
        _ended.Cancel();
        while (_idle.TryTake(out PgConnection? connection)) connection.Dispose();
    }
}
