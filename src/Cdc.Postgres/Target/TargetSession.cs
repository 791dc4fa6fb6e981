using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Target;

/// <summary>One connection that writes. One thread at a time.</summary>
internal sealed class TargetSession : IDisposable
{
    TargetSession(PgConnection connection, bool isReplica)
    {
        Pipeline = new(connection);
        IsReplica = isReplica;
    }

    public PgPipeline Pipeline { get; }

    /// <summary>Triggers and foreign keys are left alone: the source has run and checked them already.</summary>
    public bool IsReplica { get; }

    public PgConnection Connection => Pipeline.Connection;

    /// <summary>Connects. Blocks.</summary>
    /// <exception cref="CdcException">As the connection tells it.</exception>
    public static TargetSession Open(PgEndpoint endpoint, PgConnectOptions options, CancellationToken cancellation)
    {
        PgConnection connection = PgConnection.Connect(endpoint, options, cancellation);
        try
        {
            // A commit need not wait for the disk: what is not flushed is not acknowledged. Compiling a statement that
            // runs once costs more than it gains.
            connection.Query("SET synchronous_commit = off; SET jit = off; SET client_min_messages = error");
            return new(connection, TrySetReplica(connection));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Runs one statement.</summary>
    public PgAnswer Run(string sql) => Pipeline.Run(sql);

    public void Dispose() => Connection.Dispose();

    static bool TrySetReplica(PgConnection connection)
    {
        try
        {
            connection.Query("SET session_replication_role = replica");
            return true;
        }
        catch (CdcException refused) when (PgServerError.Of(refused)?.SqlState == "42501")
        {
            return false;
        }
    }
}

/// <summary>Opens sessions of one target.</summary>
internal sealed partial class TargetSessions(PostgresSinkOptions options)
{
    // Who waits for a lock of the target's own users reads nothing meanwhile.
    static readonly TimeSpan SendTimeout = TimeSpan.FromMinutes(15);

    readonly ILogger _logger = options.Loggers.CreateLogger("Cdc.Postgres.Target");
    bool _hasWarned;

    public PgEndpoint Endpoint => options.Address.Endpoint;

    public TargetSession Open(CancellationToken cancellation)
    {
        TargetSession session = TargetSession.Open(Endpoint, new()
        {
            Clock = options.Time,
            SendTimeout = SendTimeout,
            Warn = warning => LogOnce(warning),
        }, cancellation);
        if (!session.IsReplica) LogOnce(NoReplica(Endpoint.User));
        return session;
    }

    /// <summary>What it means that the role may not switch triggers and foreign keys off, and what changes
    /// it.</summary>
    public static string NoReplica(string role) =>
        "The role may not set session_replication_role: triggers and foreign keys of the target act on what is "
        + $"written, and tables are written in the source's order. {ReplicaGrant(role)}";

    public static string ReplicaGrant(string role) =>
        $"GRANT SET ON PARAMETER session_replication_role TO {Setup.PostgresNames.Quote(role)};";

    void LogOnce(string warning)
    {
        if (!Interlocked.Exchange(ref _hasWarned, true)) LogWarning(_logger, warning);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    static partial void LogWarning(ILogger logger, string warning);
}
