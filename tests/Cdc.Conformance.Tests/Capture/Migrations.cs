using Npgsql;

namespace Cdc.Conformance.Tests.Capture;

/// <summary>Transactions of an application, all open at the same time.</summary>
internal sealed class Migrations : IAsyncDisposable
{
    readonly List<NpgsqlConnection> _open = [];

    public static async Task<Migrations> OpenAsync(CaptureCase @case, int count, Func<int, string[]> statements)
    {
        Migrations migrations = new();
        for (int i = 0; i < count; i++)
        {
            NpgsqlConnection connection = await @case.OpenAsync();
            migrations._open.Add(connection);
            await CaptureCase.ExecuteAsync(connection, "BEGIN");
            foreach (string statement in statements(i)) await CaptureCase.ExecuteAsync(connection, statement);
        }
        return migrations;
    }

    /// <summary>The last one first.</summary>
    public async Task CommitAsync()
    {
        foreach (NpgsqlConnection connection in Enumerable.Reverse(_open)) await CaptureCase.ExecuteAsync(connection, "COMMIT");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (NpgsqlConnection connection in _open) await connection.DisposeAsync();
    }
}
