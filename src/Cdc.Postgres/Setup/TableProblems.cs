using System.Collections.Immutable;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Postgres.Catalog;

namespace Cdc.Postgres.Setup;

/// <summary>What about the tables keeps a changefeed from starting, or is worth knowing before.</summary>
internal static class TableProblems
{
    // A list longer than this tells nobody anything.
    const int NamesShown = 20;

    /// <param name="mayBeNone">It goes on, and tables to come will be captured.</param>
    public static IEnumerable<Problem> Find(
        ServerFacts server, ImmutableArray<CatalogTable> tables, PublicationPlan publications, TableSelection selection,
        bool mayBeNone)
    {
        if (tables.IsEmpty)
        {
            yield return new(FailureKind.SourceUnfit,
                $"No table of database {server.Database} matches {Shown(selection)}.",
                "Only ordinary, permanent tables count: not views, foreign, unlogged or temporary tables. "
                + "Case counts; a name without a dot is a schema.", mayBeNone);
        }
        string role = PostgresNames.Quote(server.Role);
        foreach (Problem problem in Reading(tables, role)) yield return problem;
        foreach (Problem problem in Publishing(server, tables, publications, role)) yield return problem;
        foreach (CatalogTable table in tables.Where(static t => !t.CanUpdate)) yield return Barred(table);
    }

    static IEnumerable<Problem> Reading(ImmutableArray<CatalogTable> tables, string role)
    {
        CatalogTable[] closed = [.. tables.Where(static t => !t.Privileges.CanUseSchema)];
        foreach (string schema in closed.Select(static t => t.Name.Schema).Distinct())
        {
            yield return Unfit($"Role {role} may not use schema {schema}.",
                $"GRANT USAGE ON SCHEMA {PostgresNames.Quote(schema)} TO {role};");
        }
        CatalogTable[] unreadable = [.. tables.Where(static t => !t.Privileges.CanSelect)];
        if (unreadable.Length > 0)
        {
            yield return Unfit($"Role {role} may not read {Names(unreadable)}.",
                $"GRANT SELECT ON {Sql(unreadable)} TO {role};");
        }
        CatalogTable[] filtered = [.. tables.Where(static t => t.Privileges.IsFiltered)];
        if (filtered.Length > 0)
        {
            yield return Unfit(
                $"Row-level security hides rows of {Names(filtered)} from role {role}, so a copy would be incomplete.",
                $"ALTER ROLE {role} BYPASSRLS; or leave the tables out with --exclude.");
        }
    }

    static IEnumerable<Problem> Publishing(
        ServerFacts server, ImmutableArray<CatalogTable> tables, PublicationPlan publications, string role)
    {
        PublicationStep[] needed = [.. publications.Steps.Where(static s => s.IsNeeded)];
        string statements = string.Join(" ", needed.Take(NamesShown).Select(static s => s.Sql));
        if (server.IsStandby && needed.Length > 0)
        {
            yield return Unfit("The publications have to be made on the primary.", statements);
            yield break;
        }
        if (publications.Creates && !server.MayCreate)
        {
            yield return Unfit($"Role {role} may not create publications in database {server.Database}.",
                $"GRANT CREATE ON DATABASE {PostgresNames.Quote(server.Database)} TO {role};");
        }
        HashSet<uint> added = [.. publications.Added];
        CatalogTable[] foreign = [.. tables.Where(t => added.Contains(t.Oid) && !t.Privileges.IsOwner)];
        foreach (IGrouping<string, CatalogTable> owned in foreign.GroupBy(static t => t.Privileges.Owner))
        {
            yield return Unfit($"Role {role} does not own {Names([.. owned])}, and only an owner may publish a table.",
                $"GRANT {PostgresNames.Quote(owned.Key)} TO {role}; or as their owner: {statements}");
        }
        if (!publications.MayAlter && needed.Length > 0)
        {
            yield return Unfit($"The publications list other tables than asked for, and role {role} does not own them.",
                $"As their owner: {statements}");
        }
    }

    static Problem Barred(CatalogTable table)
    {
        string name = PostgresNames.Quote(table.Name);
        string says = ": only its inserts and truncates are captured";
        (string why, string fix) = table.Bar switch
        {
            UpdateBar.IdentityNothing => ("has REPLICA IDENTITY NOTHING", "REPLICA IDENTITY DEFAULT"),
            UpdateBar.DeferrableKey => ("has a deferrable key", "REPLICA IDENTITY FULL"),
            UpdateBar.IdentityIndexGone => ("lost the index that is its replica identity", "REPLICA IDENTITY FULL"),
            UpdateBar.NoKey or UpdateBar.None => ("has no primary key", "REPLICA IDENTITY FULL"),
        };
        return Unfit($"Table {table.Name} {why}{says}.", $"ALTER TABLE {name} {fix}; or add a primary key.")
            with { IsWarning = true };
    }

    static string Shown(TableSelection selection)
    {
        string tables =
            selection.Tables.Count == 0 ? "the selection of all tables" : string.Join(", ", selection.Tables);
        return selection.Exclude.Count == 0 ? tables : $"{tables} without {string.Join(", ", selection.Exclude)}";
    }

    static string Names(CatalogTable[] tables)
    {
        string names = string.Join(", ", tables.Take(NamesShown).Select(static t => t.Name.ToString()));
        return tables.Length <= NamesShown ? names : $"{names} and {tables.Length - NamesShown} more";
    }

    static string Sql(CatalogTable[] tables) =>
        string.Join(", ", tables.Take(NamesShown).Select(static t => PostgresNames.Quote(t.Name)));

    static Problem Unfit(string sentence, string fix) => new(FailureKind.SourceUnfit, sentence, fix);
}
