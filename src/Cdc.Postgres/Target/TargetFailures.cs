using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>Failures as a target's: the connection tells them as a source's. No sentence holds a row's value.</summary>
internal static class TargetFailures
{
    /// <summary>The same failure, of a target.</summary>
    public static CdcException From(CdcException failure) => failure.Kind switch
    {
        FailureKind.SourceUnreachable or FailureKind.SourceRefused => Of(FailureKind.SinkUnreachable, failure),
        FailureKind.SourceUnfit or FailureKind.PositionBusy or FailureKind.PositionLost =>
            Of(FailureKind.SinkUnfit, failure),
        _ => failure,
    };

    /// <summary>Nothing but waiting and trying again can help.</summary>
    public static bool IsLost(CdcException failure) => failure.Kind is FailureKind.SourceUnreachable;

    /// <summary>The server refused rows of a table, or a statement about them.</summary>
    /// <param name="at">Position of the row, where it is known; else that of the last row it can be.</param>
    /// <param name="column">The column it complained about, where it says so.</param>
    public static CdcException Refused(PgServerError error, TableName table, CommitTs at, string? column)
    {
        string about = (column ?? error.Column) is { } named ? $", column {named}" : "";
        string broken = error.Constraint is { } constraint ? $" (constraint {constraint})" : "";
        // What a trigger or a check of the user's says may quote a value; what the server says of names does not.
        bool isOfNames = error.SqlState.StartsWith("42", StringComparison.Ordinal)
            || error.SqlState.StartsWith("53", StringComparison.Ordinal) || error.SqlState is "25006" or "55P03";
        string said = isOfNames ? error.Message
            : error.SqlState.StartsWith("23", StringComparison.Ordinal) ? "the row breaks a constraint"
            : error.QuotesValues ? "a value is not what the column takes"
            : "it does not take the row";
        return new(FailureKind.TableStopped,
            $"The target refuses a change of table {table}{about} at {at}: {said} ({error.SqlState}){broken}.",
            "Make the target's table equal to the source's, or leave it out with --exclude, and run again.",
            new PgServerException(error));
    }

    /// <summary>A row that must be there is not, or is there more than once.</summary>
    public static CdcException Drifted(TableName table, CommitTs at, long found) => new(
        FailureKind.TableStopped,
        $"Table {table} of the target has drifted: the row that is changed at {at} is there {found} times.",
        "Somebody else writes to the target. Empty the table and start over, or run with --existing keep, "
        + "which takes the source's row in such a case.");

    public static CdcException Fenced(string changefeed) => new(FailureKind.SinkFenced,
        $"Another process has claimed changefeed {changefeed} in the target.", "Run only one of them.");

    static CdcException Of(FailureKind kind, CdcException failure) =>
        new(kind, $"Target: {failure.Message}", failure.Fix, failure.InnerException);
}
