using Cdc.Engine.Failures;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Marks the log whenever the stream brought nothing for one interval, so that the slot can move on.</summary>
/// <remarks>Other databases of the server may write much while ours is idle: without marks the slot would hold all
/// that. A mark that fails is tried again at the next interval; the stream has its own way to find out about the
/// server.</remarks>
internal sealed partial class HeartbeatLoop(
    ControlConnections connections, string name, TimeSpan interval, TimeProvider clock, ILogger logger)
{
    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(Func<CommitTs> received, CancellationToken cancellationToken)
    {
        if (interval <= TimeSpan.Zero) return;
        using PeriodicTimer timer = new(interval, clock);
        NpgsqlConnection? connection = null;
        CommitTs last = received();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                CommitTs now = received();
                if (now == last) connection = await BeatAsync(connection, cancellationToken).ConfigureAwait(false);
                last = now;
            }
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    async Task<NpgsqlConnection?> BeatAsync(NpgsqlConnection? connection, CancellationToken cancellationToken)
    {
        try
        {
            connection ??= await connections.OpenAsync(cancellationToken).ConfigureAwait(false);
            if (await LogMarks.CanWriteAsync(connection, cancellationToken).ConfigureAwait(false))
                await LogMarks.BeatAsync(connection, name, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (Exception error) when (error is CdcException || ControlFailures.IsExpected(error))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Exception said = error is CdcException ? error : ControlFailures.From(error, connections.Endpoint);
            LogFailed(logger, said.Message);
            if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
            return null;
        }
    }
}
