using System.Collections.Immutable;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>What is left of a step, under its locks.</summary>
/// <param name="Statements">In order; none if all is as it should be.</param>
/// <param name="IsOvertaken">A table is not what it was when the step was planned, and is left out.</param>
internal sealed record PublicationLook(ImmutableArray<string> Statements, bool IsOvertaken)
{
    public static async Task<PublicationLook> AtAsync(
        NpgsqlConnection connection, PublicationStep step, IReadOnlyList<(uint Oid, TableName Name)> tables,
        CancellationToken cancellationToken)
    {
        if (tables.Count == 0 && step.From is null) return new([step.Sql], false);
        ImmutableArray<CatalogTable> now = await TableCatalog.ReadAsync(
            connection, [.. tables.Select(static t => t.Oid)], cancellationToken).ConfigureAwait(false);
        PublicationFacts? to = await FindAsync(connection, step.Publication, cancellationToken).ConfigureAwait(false);
        (uint Oid, TableName Name)[] differing =
            [.. tables.Where(t => to is null || to.Tables.Contains(t.Oid) != step.Adds)];
        (uint Oid, TableName Name)[] fit = [.. differing.Where(t => IsAsPlanned(step, t, now))];
        bool isOvertaken = fit.Length < differing.Length;
        if (step.From is null) return new(fit.Length > 0 ? [step.StatementFor(fit)] : [], isOvertaken);
        PublicationFacts? from = await FindAsync(connection, step.From, cancellationToken).ConfigureAwait(false);
        return from is null || to is null ? new([], true) : new(Move(step, tables, fit, from, to), isOvertaken);
    }

    // Out of the spare goes what the other has, or gets now: nothing is in neither for a moment.
    static ImmutableArray<string> Move(
        PublicationStep step, IEnumerable<(uint Oid, TableName Name)> tables, (uint Oid, TableName Name)[] fit,
        PublicationFacts from, PublicationFacts to)
    {
        PublicationStep added = step with { Schemas = [.. step.Schemas.Except(to.Schemas)] };
        PublicationStep left = step with { Schemas = [.. step.Schemas.Intersect(from.Schemas)] };
        (uint Oid, TableName Name)[] leaving =
            [.. tables.Where(t => from.Tables.Contains(t.Oid) && (to.Tables.Contains(t.Oid) || fit.Contains(t)))];
        return
        [
            .. fit.Length > 0 || added.Schemas.Length > 0 ? [added.StatementFor(fit)] : Array.Empty<string>(),
            .. leaving.Length > 0 || left.Schemas.Length > 0 ? [left.Leaving(leaving)] : Array.Empty<string>(),
        ];
    }

    static bool IsAsPlanned(
        PublicationStep step, (uint Oid, TableName Name) planned, ImmutableArray<CatalogTable> now) =>
        now.FirstOrDefault(t => t.Oid == planned.Oid) is { IsLogged: true } table && table.Name == planned.Name
        && (step.CanUpdate is null || table.CanUpdate == step.CanUpdate);

    static async Task<PublicationFacts?> FindAsync(
        NpgsqlConnection connection, string name, CancellationToken cancellationToken) =>
        (await PublicationFacts.ReadAsync(connection, SlotFacts.LikeExactly(name), cancellationToken)
            .ConfigureAwait(false)).FirstOrDefault();
}
