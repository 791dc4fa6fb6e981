using Cdc.Postgres.Setup;
using Npgsql;

namespace Cdc.Postgres.Capture;

/// <summary>Makes, replaces and removes the event triggers.</summary>
/// <remarks>In one transaction, so that no command falls between an old and a new version. It waits for nobody: what it
/// touches, only another process of ours touches.</remarks>
internal static class CaptureWriter
{
    public static async Task RunAsync(
        NpgsqlConnection connection, IEnumerable<string> statements, CancellationToken cancellationToken)
    {
        NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            foreach (string statement in statements)
                await ControlConnections.ExecuteAsync(connection, statement, cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
