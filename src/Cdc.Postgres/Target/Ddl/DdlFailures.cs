using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>From a statement that the target refused to a sentence and a way out. None holds a row's value.</summary>
internal static class DdlFailures
{
    /// <summary>Our own code for a proof that found a function or operator of a user's.</summary>
    public const string FunctionOfUser = "CD001";

    public static CdcException Of(DdlStatement statement, PgServerError error)
    {
        if (statement.IsProof && error.SqlState != "42501") return NotProved(statement, error);
        (FailureKind kind, string fix) = error.SqlState switch
        {
            "42501" => (FailureKind.SinkUnfit,
                "Let the role that writes to the target own its tables, and have CREATE and TEMPORARY on the "
                + "database."),
            // No such type, function, operator, relation, schema.
            "42704" or "42883" or "42P01" or "3F000" or "42703" => (FailureKind.TableStopped,
                "Make in the target what the message names, with the statement that made it at the source (CREATE "
                + "EXTENSION, CREATE FUNCTION, CREATE SEQUENCE, CREATE COLLATION), and run again."),
            "42P07" or "42701" or "42710" or "42P06" => (FailureKind.TableStopped,
                "Rename or drop what the target has under this name, and run again."),
            "2BP01" => (FailureKind.TableStopped,
                "Something that only the target has depends on it. Drop that, or choose --ddl additive, and run "
                + "again."),
            _ => (FailureKind.TableStopped,
                "Make the target's table equal to the source's, or leave it out with --exclude, and run again."),
        };
        string what = statement.Of.Name.Length == 0 ? $"schema {statement.Of.Schema}" : $"{statement.Of}";
        return new(kind, $"The target refuses {statement.Does} of {what}: {Said(error)} ({error.SqlState}).", fix,
            new PgServerException(error));
    }

    static CdcException NotProved(DdlStatement statement, PgServerError error) =>
        RewriteProof.NeedsCopy(statement.Of, error.SqlState switch
        {
            "22012" => "its rows were written anew at the source, which had none, but the target has some",
            FunctionOfUser => "the source wrote its rows anew with a function or operator that a user made, and the "
                + "target's may be another one",
            _ => "the source wrote its rows anew with an expression whose values can't be known here: "
                + $"it is not immutable, or the target can't evaluate it ({error.SqlState})",
        });

    // What the server says of names is safe. A value may stand in what it says of syntax, and in what others raise.
    static string Said(PgServerError error) =>
        error.SqlState is not "42601" && (error.SqlState is "2BP01" or "0A000" or ['4', '2', ..] or ['3', 'F', ..]
            or ['5', '5', ..])
            ? error.Message
            : error.SqlState switch
            {
                "23503" or "23505" or "23514" or "23502" or "23P01" => "rows that are there break it",
                _ => "it does not take the statement",
            };
}
