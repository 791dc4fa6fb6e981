using Cdc.Engine.Failures;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>One attempt to run the statements of an event.</summary>
internal sealed class StatementRun(PgConnection connection, string searchPath)
{
    readonly List<string> _said = [];

    /// <summary>What is worth a word, if this attempt is the one that counts.</summary>
    public IReadOnlyList<string> Said => _said;

    /// <summary>The statement under way.</summary>
    public DdlStatement? Current { get; private set; }

    /// <exception cref="CdcException">TableStopped or SinkUnfit; a lock that can't be had comes as the connection tells
    /// it.</exception>
    public void Execute(DdlStatement statement)
    {
        Current = statement;
        try
        {
            if (!IsWanted(statement)) return;
            if (statement.Type is { } type)
                TypeMaker.Make(connection, type, statement.TypeBefore, statement.Does == "ALTER TYPE");
            else if (statement.Tolerates is not null || statement.IsOptional) Try(statement);
            else Query(statement);
        }
        catch (CdcException failure) when (PgServerError.Of(failure) is { } error && !IsPassing(error))
        {
            throw DdlFailures.Of(statement, error);
        }
    }

    // 08, 53, 57: the connection or the server; 40, 55P03: locks.
    static bool IsPassing(PgServerError error) => error.IsFatal || error.SqlState is "55P03"
        || error.SqlState is ['0', '8', ..] or ['5', '3', ..] or ['5', '7', ..] or ['4', '0', ..];

    bool IsWanted(DdlStatement statement)
    {
        if (statement.When is null && statement.Needs is null) return true;
        string needs = statement.Needs is { } other ? TableStatements.IsThere(other) : "true";
        PgRows rows = connection.Query($"SELECT {needs} AS needs, {statement.When ?? "true"} AS wanted");
        if (rows["wanted"] != "t") return false;
        if (rows["needs"] == "t") return true;
        _said.Add($"{statement.Does} of {statement.Of} is left out: the target has no table {statement.Needs}.");
        return false;
    }

    void Query(DdlStatement statement)
    {
        if (statement.ReadsSearchPath)
        {
            connection.Query(
                $"SELECT pg_catalog.set_config('search_path', {PostgresNames.Literal(searchPath)}, true)");
        }
        connection.Query(statement.Sql);
        if (statement.ReadsSearchPath) connection.Query("SET LOCAL search_path = pg_catalog");
    }

    void Try(DdlStatement statement)
    {
        connection.Query("SAVEPOINT cdc_try");
        try
        {
            Query(statement);
        }
        catch (CdcException failure) when (PgServerError.Of(failure) is { } error && !IsPassing(error)
            && (IsTolerated(statement, error) || statement.IsOptional))
        {
            connection.Query("ROLLBACK TO SAVEPOINT cdc_try");
            bool isTolerated = IsTolerated(statement, error);
            if (isTolerated && statement.Instead is { } instead) connection.Query(instead);
            if (!isTolerated)
                _said.Add($"{statement.Does} of {statement.Of} is left out: {statement.Needs} is of another moment "
                    + $"and does not fit ({error.SqlState}). The log brings what comes of it.");
            else if (statement.Said is { } sentence) _said.Add(sentence);
        }
        connection.Query("RELEASE SAVEPOINT cdc_try");
    }

    static bool IsTolerated(DdlStatement statement, PgServerError error) =>
        error.SqlState == statement.Tolerates && (statement.Instead is not null || statement.Said is not null);
}
