using Cdc.Engine.Failures;

namespace Cdc.Postgres.Wire;

/// <summary>From the StartupMessage to the first ReadyForQuery.</summary>
internal static class PgStartup
{
    const int ProtocolVersion3 = 3 << 16;

    public static void Run(PgConnection connection, PgTransport transport, PgConnectOptions options)
    {
        PgEndpoint endpoint = connection.Endpoint;
        SendStartup(transport, endpoint, options);
        var authentication = new PgAuthentication(endpoint, transport);
        bool isIn = false;
        while (true)
        {
            if (!connection.TryReadMessage(out byte type, out ReadOnlySpan<byte> body))
                throw PgFailures.Unreachable(endpoint, "did not finish the start of the session in time");
            switch (type)
            {
                case (byte)'R' when !isIn:
                    isIn = authentication.Answer(body);
                    break;
                case (byte)'K' when isIn:
                    connection.BackendProcessId = new PgMessageReader(body).Int32();
                    break;
                case (byte)'Z' when isIn:
                    connection.TakeReady(body);
                    return;
                case (byte)'E':
                    throw Refused(PgServerError.Parse(body), endpoint);
                case (byte)'v':
                    throw PgMessageReader.Violation("it does not take protocol version 3.0");
                default:
                    throw PgMessageReader.Unexpected(type, "the start of a session");
            }
        }
    }

    static void SendStartup(PgTransport transport, PgEndpoint endpoint, PgConnectOptions options)
    {
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in endpoint.StartupParameters) parameters[name] = value;
        foreach ((string name, string value) in PinnedSettings.AtStart) parameters[name] = value;
        parameters["user"] = endpoint.User;
        parameters["database"] = endpoint.Database;
        parameters["application_name"] = endpoint.ApplicationName;
        // A walsender with a database also takes SQL; without one it could not decode.
        parameters.Remove("replication");
        if (options.Replication) parameters["replication"] = "database";

        var message = new PgMessageWriter();
        message.BeginUntyped();
        message.Int32(ProtocolVersion3);
        foreach ((string name, string value) in parameters)
        {
            message.Text(name);
            message.Text(value);
        }
        message.Byte(0);
        transport.Send(message.End());
    }

    static CdcException Refused(PgServerError error, PgEndpoint endpoint) => error.SqlState switch
    {
        // An old server does not know a setting; a pooler does not pass it on.
        "42704" => new(FailureKind.SourceUnfit, $"{endpoint.Server} answered: {error.Message} ({error.SqlState}).",
            "Cdc needs PostgreSQL 14 or newer, and the server itself rather than a connection pooler.",
            new PgServerException(error)),
        // The role lacks REPLICATION, which the server tells with this code and only in its text which one.
        "42501" => new(FailureKind.SourceUnfit, $"{endpoint.Server} answered: {error.Message} ({error.SqlState}).",
            $"ALTER ROLE \"{endpoint.User.Replace("\"", "\"\"")}\" REPLICATION;", new PgServerException(error)),
        _ => PgFailures.From(error, endpoint),
    };
}
