using System.Net.Sockets;
using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>From what went wrong on a connection to a kind, a sentence and a way out.</summary>
internal static class PgFailures
{
    /// <summary>The server's error, for any statement.</summary>
    public static CdcException From(PgServerError error, PgEndpoint endpoint)
    {
        (FailureKind kind, string? fix) = Classify(error, endpoint);
        string said = error.QuotesValues ? "a value is not what the server expects" : error.Message;
        return new(kind, $"{endpoint.Server} answered: {said} ({error.SqlState}).", fix ?? error.Hint,
            new PgServerException(error));
    }

    /// <summary>The server's error to START_REPLICATION and to the stream that follows.</summary>
    public static CdcException FromStream(PgServerError error, PgEndpoint endpoint)
    {
        CdcException general = From(error, endpoint);
        // 42704: no such slot. 55000: the slot was invalidated. 58P01: the segment is removed.
        return error.SqlState is "42704" or "55000" or "58P01" && !IsPublicationMissing(error)
            ? new(FailureKind.PositionLost, general.Message, error.Hint, general.InnerException)
            : general;
    }

    public static CdcException Unreachable(PgEndpoint endpoint, string what, Exception? inner = null) => new(
        FailureKind.SourceUnreachable, $"{endpoint.Server} {what}.",
        "Check the host and the port, that the server is running, and what stands between.", inner);

    public static CdcException Lost(PgEndpoint endpoint, Exception? inner = null)
    {
        string because = Reason(inner) is { } reason ? $" ({reason})" : "";
        string sentence = $"The connection to {endpoint.Server} was lost{because}.";
        return new(FailureKind.SourceUnreachable, sentence, null, inner);
    }

    static string? Reason(Exception? exception) => exception switch
    {
        null => null,
        SocketException socket => socket.SocketErrorCode.ToString(),
        { InnerException: { } inner } => Reason(inner),
        _ => null,
    };

    // The publication's own 42704 comes through the stream of a slot that is quite well.
    static bool IsPublicationMissing(PgServerError error) =>
        error.Routine is "GetPublicationByName" or "get_publication_oid";

    static (FailureKind Kind, string? Fix) Classify(PgServerError error, PgEndpoint endpoint) => error.SqlState switch
    {
        // Whoever set the password may have typed the same letters in another normal form.
        "28P01" => (FailureKind.SourceRefused, $"Check the password of role {endpoint.User}."
            + (endpoint.Password?.All(char.IsAscii) == false ? " Set one of ASCII letters if it is right." : "")),
        "28000" => (FailureKind.SourceRefused,
            $"Check that role {endpoint.User} exists, may log in, and has an entry in pg_hba.conf for this client."),
        "3D000" => (FailureKind.SourceRefused, $"Check the name of the database, {endpoint.Database}."),
        "53300" => (FailureKind.SourceUnreachable,
            "Close unused connections, or raise max_connections or max_wal_senders on the server."),
        "42501" => (FailureKind.SourceUnfit,
            $"Grant role {endpoint.User} what is missing: SELECT on the tables; for the stream, REPLICATION."),
        "08P01" => (FailureKind.SourceUnfit,
            "If the address is a connection pooler, connect to the server itself."),
        "55006" => (FailureKind.PositionBusy,
            "Another process reads from this slot. Stop it, or wait until the server has noticed that it is gone."),
        // 57P01 shutdown, 57P02 crash of another backend, 57P03 starting up, 57P05 idle too long; 08: connection.
        "57P01" or "57P02" or "57P03" or "57P05" => (FailureKind.SourceUnreachable, null),
        ['0', '8', ..] => (FailureKind.SourceUnreachable, null),
        // Out of memory, disk or locks, and a canceled statement: other times, other answers.
        ['5', '3', ..] or "40001" or "40P01" or "55P03" => (FailureKind.SourceUnreachable, null),
        _ => (FailureKind.SourceUnfit, null),
    };
}
