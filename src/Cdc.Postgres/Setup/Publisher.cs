using Cdc.Engine.Failures;
using Cdc.Engine.Sources;
using Cdc.Postgres.Capture;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Setup;

/// <summary>Looks, makes the publications what they should be, and takes them away again.</summary>
internal sealed class Publisher(
    ControlConnections connections, PostgresNames names, Inspector inspector, TimeProvider clock, ILogger logger)
{
    // Somebody who alters tables all the time overtakes us again and again, though seldom with the same table.
    const int Looks = 20;

    public Task<SourceFacts> InspectAsync(string place, CancellationToken cancellationToken) =>
        connections.RunAsync((inspector, place), static async (state, connection, token) =>
            state.inspector.ToFacts(
                await state.inspector.InspectAsync(connection, token).ConfigureAwait(false), state.place),
            cancellationToken);

    /// <summary>Brings event triggers and both publications to the matched tables, and returns what was found
    /// before.</summary>
    /// <remarks>The triggers come first: a table made after the look that counts for the publications is added by
    /// them.</remarks>
    /// <exception cref="CdcException">The first problem that keeps us from starting.</exception>
    public Task<Inspection> PublishAsync(CancellationToken cancellationToken) =>
        connections.RunAsync((inspector, clock, logger), static async (state, connection, token) =>
        {
            Inspection found = await state.inspector.InspectAsync(connection, token).ConfigureAwait(false);
            Check(found);
            if (!found.Capture.Steps.IsEmpty)
            {
                await CaptureWriter.RunAsync(connection, found.Capture.Steps, token).ConfigureAwait(false);
                Inspection again = await state.inspector.InspectAsync(connection, token).ConfigureAwait(false);
                found = again with { Capture = again.Capture with { WasBroken = found.Capture.WasBroken } };
            }
            PublicationWriter writer = new(connection, state.clock, state.logger);
            Inspection now = found;
            for (int look = 1; look <= Looks; look++)
            {
                if (await writer.RunAsync(now.Publications.Steps, token).ConfigureAwait(false)) return found;
                now = await state.inspector.InspectAsync(connection, token).ConfigureAwait(false);
                Check(now);
            }
            throw new CdcException(FailureKind.SourceUnfit,
                "Tables were altered each time they were to be published.", "Run again when fewer are being altered.");
        }, cancellationToken);

    static void Check(Inspection found)
    {
        foreach (Problem problem in found.Problems)
        {
            if (!problem.IsWarning) throw problem.ToException();
        }
    }

    public Task UnpublishAsync(CancellationToken cancellationToken) =>
        connections.RunAsync(names, static async (names, connection, token) =>
        {
            await CaptureWriter.RunAsync(
                connection, await CaptureRemains.StatementsAsync(connection, names.Changefeed, token)
                    .ConfigureAwait(false), token).ConfigureAwait(false);
            foreach (string name in new[] { names.Keyed, names.InsertOnly })
            {
                await ControlConnections.ExecuteAsync(
                    connection, $"DROP PUBLICATION IF EXISTS {PostgresNames.Quote(name)}", token).ConfigureAwait(false);
            }
            return 0;
        }, cancellationToken);
}
