using System.Text;
using Cdc.Postgres.Wire;
using Npgsql;

namespace Cdc.Postgres.Setup;

/// <summary>Opens connections for catalogs, publications and everything else that is not rows or log.</summary>
/// <remarks>Their settings are pinned exactly as those of <see cref="PgConnection"/>. They are not pooled: a changefeed
/// needs few, seldom, and none should stay behind on the server.</remarks>
internal sealed class ControlConnections(PostgresAddress address) : IAsyncDisposable
{
    const int TransactionTimeoutSince = 17;

    readonly NpgsqlDataSource _source = Build(address);

    public PgEndpoint Endpoint => address.Endpoint;

    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = _source.CreateConnection();
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            if (connection.PostgreSqlVersion.Major >= TransactionTimeoutSince)
                await ExecuteAsync(connection, "SET transaction_timeout = 0", cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (Exception error)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (ControlFailures.IsExpected(error)) throw ControlFailures.From(error, Endpoint);
            throw;
        }
    }

    /// <summary>Does one thing on a connection of its own.</summary>
    public async Task<TResult> RunAsync<TState, TResult>(
        TState state, Func<TState, NpgsqlConnection, CancellationToken, Task<TResult>> work,
        CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                return await work(state, connection, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (ControlFailures.IsExpected(error))
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw ControlFailures.From(error, Endpoint);
            }
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    // Catalog queries use built-in types and arrays only: Npgsql needs no catalog query of its own at each connect, and
    // no mappings of other types, which take longer to set up than the queries.
    static NpgsqlDataSource Build(PostgresAddress address)
    {
        NpgsqlSlimDataSourceBuilder builder = new(address.ConnectionString);
        builder.EnableArrays().EnableTransportSecurity().EnableIntegratedSecurity();
        builder.ConfigureTypeLoading(static types => types.EnableTypeLoading(false));
        return builder.Build();
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The value of libpq's <c>options</c> that pins the settings: it beats ALTER DATABASE and ALTER
    /// ROLE.</summary>
    public static string PinnedOptions()
    {
        StringBuilder options = new();
        foreach ((string name, string value) in PinnedSettings.AtStart)
        {
            string escaped =
                value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal);
            options.Append(options.Length > 0 ? " " : "").Append("-c ").Append(name).Append('=').Append(escaped);
        }
        return options.ToString();
    }
}
