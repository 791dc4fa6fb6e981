using System.Collections.Immutable;
using System.Data;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Capture;
using Cdc.Postgres.Catalog;
using Cdc.Protocol;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>What was found in one look at the server.</summary>
internal sealed record Inspection(
    ServerFacts Server, ImmutableArray<CatalogTable> Tables, SlotFacts? Slot, PublicationPlan Publications,
    CapturePlan Capture, ImmutableArray<Problem> Problems)
{
    /// <summary>Tables that are captured from now on, and were there before.</summary>
    public ImmutableArray<TableName> Newcomers { get; init; } = [];
}

/// <summary>Looks at everything that a start needs, and changes nothing.</summary>
internal sealed class Inspector(
    PostgresNames names, TableSelection selection, DdlCaptureMode ddlCapture, bool temporarySlot)
{
    // Since then a publication may list schemas, and is locked by whoever alters it.
    const int SchemaListsSince = 15;

    public TableSelection Selection => selection;

    /// <remarks>In one snapshot: a table made between two looks, and published by the triggers, would count as one that
    /// is published and not matched.</remarks>
    public async Task<Inspection> InspectAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        NpgsqlTransaction snapshot = await connection.BeginTransactionAsync(
            IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
        await using (snapshot.ConfigureAwait(false))
            return await LookAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    async Task<Inspection> LookAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        ServerFacts server = await ServerFacts.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        ImmutableArray<CatalogTable> tables =
            await TableCatalog.MatchAsync(connection, selection, cancellationToken).ConfigureAwait(false);
        SlotFacts? slot = await SlotFacts.FindAsync(connection, names.Slot, cancellationToken).ConfigureAwait(false);
        CaptureFacts capture = await CaptureFacts.ReadAsync(connection, names.Changefeed, cancellationToken)
            .ConfigureAwait(false);
        CapturePlan captures = new(names.Changefeed, selection, ddlCapture, capture, server, temporarySlot);
        bool isTrigger = captures.Mode == DdlCaptureMode.Trigger;
        ImmutableHashSet<string>? schemas = !capture.MayCreate ? null
            : isTrigger ? await SchemasAsync(connection, server, cancellationToken).ConfigureAwait(false)
            : [];
        SpareMaking spares = server.IsStandby ? SpareMaking.Untouched
            : !isTrigger || server.Major < SchemaListsSince || !server.MayCreate ? SpareMaking.None
            : slot is null || temporarySlot ? SpareMaking.Open : SpareMaking.Closed;
        PublicationPlan publications =
            await PlanAsync(connection, tables, schemas, spares, cancellationToken).ConfigureAwait(false);
        bool mayBeNone = slot is not null && isTrigger
            && (selection.Tables.Count == 0 || selection.Tables.Any(static pattern => pattern.IsOpen));
        ImmutableArray<Problem> problems =
        [
            .. ServerProblems.Find(server, slot, names),
            .. TableProblems.Find(server, tables, publications, selection, mayBeNone),
            .. publications.Problems,
            .. captures.Problems,
            .. isTrigger && server is { IsStandby: false, Major: >= SchemaListsSince } && publications.LacksSpares
                ? [ServerProblems.NoSpares(server, names)]
                : Array.Empty<Problem>(),
        ];
        return new(server, tables, slot, publications, captures, problems);
    }

    /// <summary>The same as a source's facts, with the statements of a first start.</summary>
    public SourceFacts ToFacts(Inspection found, string place) => new()
    {
        Identity = found.Server.Identity,
        Position = found.Slot?.ToPosition() ?? new(PositionState.Absent, names.Slot),
        LogEnd = CommitTs.End(found.Server.LogEnd),
        Tables = [.. found.Tables.Select(static table => table.ToMatched())],
        Problems = found.Problems,
        Plan =
        [
            .. found.Capture.Steps,
            .. found.Publications.Steps.Select(static step => step.Sql),
            .. found.Slot is null
                ? [SlotCreator.Command(names.Slot, temporarySlot, found.Server) + ";"]
                : Array.Empty<string>(),
        ],
        Server = $"PostgreSQL {found.Server.VersionText} at {place}",
    };

    /// <summary>Schemas that are published whole, so that the rows of CREATE TABLE AS are: only a superuser may, and
    /// only since 15.</summary>
    async Task<ImmutableHashSet<string>> SchemasAsync(
        NpgsqlConnection connection, ServerFacts server, CancellationToken cancellationToken)
    {
        if (server.Major < SchemaListsSince) return [];
        IReadOnlyList<string> all =
            await TableCatalog.SchemasAsync(connection, cancellationToken).ConfigureAwait(false);
        return [.. all.Where(schema => SelectionSql.IsCovered(selection, schema))];
    }

    async Task<PublicationPlan> PlanAsync(
        NpgsqlConnection connection, ImmutableArray<CatalogTable> tables, ImmutableHashSet<string>? schemas,
        SpareMaking spares, CancellationToken cancellationToken)
    {
        ImmutableArray<PublicationFacts> existing =
            await PublicationFacts.ReadAsync(connection, names, cancellationToken).ConfigureAwait(false);
        uint[] unmatched = [.. existing.SelectMany(static p => p.Tables).Except(tables.Select(static t => t.Oid))];
        ImmutableArray<CatalogTable> former =
            await TableCatalog.ReadAsync(connection, unmatched, cancellationToken).ConfigureAwait(false);
        Dictionary<uint, TableName> formerNames = former.ToDictionary(static t => t.Oid, static t => t.Name);
        return new(names, tables, existing, formerNames, schemas, spares);
    }
}
