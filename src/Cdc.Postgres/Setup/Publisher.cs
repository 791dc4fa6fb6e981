using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Capture;
using Cdc.Postgres.Catalog;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;
using Npgsql;

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

    /// <summary>Brings event triggers and publications to the matched tables, and returns what was found
    /// before.</summary>
    /// <remarks>The triggers come first: a table made after the look that counts for the publications is added by
    /// them.</remarks>
    /// <param name="history">Of a run that goes on; null: all tables are going to be copied.</param>
    /// <exception cref="CdcException">The first problem that keeps us from starting.</exception>
    public Task<Inspection> PublishAsync(SchemaHistory? history, CancellationToken cancellationToken) =>
        connections.RunAsync((inspector, clock, logger, history), static async (state, connection, token) =>
        {
            Inspection found = await state.inspector.InspectAsync(connection, token).ConfigureAwait(false);
            Check(found);
            bool isReplaced = !found.Capture.Steps.IsEmpty;
            if (isReplaced)
            {
                await CaptureWriter.RunAsync(connection, found.Capture.Steps, token).ConfigureAwait(false);
                Inspection again = await state.inspector.InspectAsync(connection, token).ConfigureAwait(false);
                found = again with { Capture = again.Capture with { WasBroken = found.Capture.WasBroken } };
            }
            if (state.history is { } history)
            {
                Dictionary<uint, TableName> newcomers = await NewcomersAsync(
                    connection, found, isReplaced, state.inspector.Selection, history, token).ConfigureAwait(false);
                found = found with { Newcomers = [.. newcomers.Values] };
                if (found.Capture.Mode == DdlCaptureMode.Trigger && newcomers.Count > 0)
                {
                    await TableAnnouncement.WriteAsync(
                        connection, found.Capture.Prefix, newcomers.Keys, state.clock, token).ConfigureAwait(false);
                }
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

    /// <summary>Tables that neither the history nor a message knows. Where the triggers are others than before, so may
    /// the patterns be: then none that the history does not know is left out, though a message may be on its
    /// way.</summary>
    static async Task<Dictionary<uint, TableName>> NewcomersAsync(
        NpgsqlConnection connection, Inspection found, bool isReplaced, TableSelection selection,
        SchemaHistory history, CancellationToken cancellationToken)
    {
        bool isTrigger = found.Capture.Mode == DdlCaptureMode.Trigger;
        Dictionary<uint, TableName> names = await TableCatalog.NamesAsync(
            connection, selection, cancellationToken, withPartitioned: isTrigger && isReplaced).ConfigureAwait(false);
        CommitTs end = CommitTs.End(ulong.MaxValue);
        return names.Where(table => history.Find(table.Key, end) is null
            && ((isTrigger && isReplaced) || found.Publications.NewlyPublished.Contains(table.Key))).ToDictionary();
    }

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
            foreach (string name in names.Publications)
            {
                await ControlConnections.ExecuteAsync(
                    connection, $"DROP PUBLICATION IF EXISTS {PostgresNames.Quote(name)}", token).ConfigureAwait(false);
            }
            return 0;
        }, cancellationToken);
}
