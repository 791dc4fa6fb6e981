using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>An ErrorResponse or NoticeResponse.</summary>
/// <remarks>
/// <see cref="Detail"/> and <see cref="Where"/> may quote values of rows and must not reach a log or a user. The
/// other texts name objects and numbers, except in the classes that <see cref="QuotesValues"/> says.
/// </remarks>
internal sealed record PgServerError
{
    public string Severity { get; private init; } = "";

    public string SqlState { get; private init; } = "";

    public string Message { get; private init; } = "";

    public string? Detail { get; private init; }

    public string? Hint { get; private init; }

    public string? Position { get; private init; }

    public string? Where { get; private init; }

    public string? Schema { get; private init; }

    public string? Table { get; private init; }

    public string? Column { get; private init; }

    public string? Constraint { get; private init; }

    public string? Routine { get; private init; }

    /// <summary>The session ends with this.</summary>
    public bool IsFatal => Severity is "FATAL" or "PANIC";

    /// <summary>Data exceptions (22…) and broken constraints (23…) quote the value they complain about.</summary>
    public bool QuotesValues => SqlState.StartsWith("22", StringComparison.Ordinal)
        || SqlState.StartsWith("23", StringComparison.Ordinal);

    /// <summary>The server's error behind a failure; null when the server said nothing.</summary>
    public static PgServerError? Of(CdcException failure) => (failure.InnerException as PgServerException)?.Error;

    public static PgServerError Parse(ReadOnlySpan<byte> body)
    {
        var reader = new PgMessageReader(body);
        var error = new PgServerError();
        for (byte field; (field = reader.Byte()) != 0;)
        {
            string text = Printable(reader.Text());
            error = field switch
            {
                // 'V' is never translated and comes after 'S', so it wins.
                (byte)'S' or (byte)'V' => error with { Severity = text },
                (byte)'C' => error with { SqlState = text },
                (byte)'M' => error with { Message = text },
                (byte)'D' => error with { Detail = text },
                (byte)'H' => error with { Hint = text },
                (byte)'P' => error with { Position = text },
                (byte)'W' => error with { Where = text },
                (byte)'s' => error with { Schema = text },
                (byte)'t' => error with { Table = text },
                (byte)'c' => error with { Column = text },
                (byte)'n' => error with { Constraint = text },
                (byte)'R' => error with { Routine = text },
                _ => error,
            };
        }
        return error;
    }

    // A server we have not authenticated must not write escape sequences to someone's terminal.
    static string Printable(string text) => text.Any(char.IsControl)
        ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c))
        : text;
}

/// <summary>Carries a <see cref="PgServerError"/> inside a <see cref="CdcException"/>.</summary>
internal sealed class PgServerException(PgServerError error) : Exception($"{error.Severity} {error.SqlState}")
{
    public PgServerError Error { get; } = error;
}
