using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Turns what Npgsql throws into the same failures as our own connection's, by the same table.</summary>
internal static class ControlFailures
{
    public static bool IsExpected(Exception error) =>
        error is NpgsqlException or SocketException or TimeoutException or IOException;

    public static CdcException From(Exception error, PgEndpoint endpoint) => error switch
    {
        PostgresException server => PgFailures.From(Translate(server), endpoint),
        NpgsqlException { InnerException: PostgresException server } => PgFailures.From(Translate(server), endpoint),
        NpgsqlException { InnerException: SocketException } or SocketException =>
            PgFailures.Unreachable(endpoint, "can't be reached", error),
        // Found by Npgsql before the server could say anything: it has no codes for these.
        NpgsqlException { Message: var said } when said.StartsWith("No password", StringComparison.Ordinal) => new(
            FailureKind.SourceRefused,
            $"{endpoint.Server} asks for the password of role {endpoint.User}, and none is given.",
            "Give it in the URL or in PGPASSWORD.", error),
        NpgsqlException { InnerException: AuthenticationException } => new(
            FailureKind.SourceRefused,
            $"The TLS handshake with {endpoint.Server} failed: its certificate can't be verified.",
            "Name the authority that signed it in sslrootcert, or check host and certificate.", error),
        NpgsqlException { Message: var said } when said.Contains("SSL", StringComparison.Ordinal) => new(
            FailureKind.SourceRefused, $"{endpoint.Server} does not offer TLS as sslmode asks for it.",
            "Set up TLS on the server, or choose another sslmode.", error),
        _ when IsTimeout(error) => PgFailures.Unreachable(endpoint, "did not answer in time", error),
        _ => PgFailures.Lost(endpoint, error),
    };

    static bool IsTimeout(Exception error) => error is TimeoutException || error.InnerException is TimeoutException;

    // Built as the server sends it, so that there is one place which knows what an error consists of.
    static PgServerError Translate(PostgresException error)
    {
        MemoryStream body = new();
        Add('S', error.InvariantSeverity);
        Add('C', error.SqlState);
        Add('M', error.MessageText);
        Add('H', error.Hint);
        Add('s', error.SchemaName);
        Add('t', error.TableName);
        Add('R', error.Routine);
        body.WriteByte(0);
        return PgServerError.Parse(body.ToArray());

        void Add(char field, string? text)
        {
            if (string.IsNullOrEmpty(text)) return;
            body.WriteByte((byte)field);
            body.Write(Encoding.UTF8.GetBytes(text));
            body.WriteByte(0);
        }
    }
}
