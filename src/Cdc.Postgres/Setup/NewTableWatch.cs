using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Setup;

/// <summary>Says when a table appears that the patterns match: it is not in the publication, so the log has nothing of
/// it for us, and the stream alone would never know.</summary>
internal sealed partial class NewTableWatch(
    ControlConnections connections, TableSelection selection, TimeProvider clock, ILogger logger)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    /// <summary>Runs until it is cancelled. A look that fails is made again at the next interval.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(Interval, clock);
        HashSet<uint>? known = null;
        do
        {
            try
            {
                Dictionary<uint, TableName> tables = await connections.RunAsync(
                    selection, static (selection, connection, token) =>
                        TableCatalog.NamesAsync(connection, selection, token),
                    cancellationToken).ConfigureAwait(false);
                known ??= [.. tables.Keys];
                foreach ((uint oid, TableName name) in tables)
                {
                    if (known.Add(oid)) LogNew(logger, name);
                }
            }
            catch (CdcException)
            {
                // The stream has its own way to find out about the server.
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }
}
