using System.Security.Cryptography;
using System.Text;
using Cdc.Engine.Options;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Capture;

/// <summary>The event triggers of one changefeed and their functions, as SQL. Pure.</summary>
/// <remarks>
/// <para>For each event there are two functions. The outer one runs with the session's own search_path, which it hands
/// on; so no operator may stand in it, and every name is qualified. It belongs to us and runs as us (SECURITY DEFINER).
/// Whatever goes wrong inside it ends there: the application's statement never fails by us.</para>
/// <para>The inner ones run with settings of ours, pg_temp last: the application's temporary tables hide none of the
/// server's catalogs. Nobody but their owner may call them.</para>
/// <para>All functions are VOLATILE. In a stable one there would be no snapshot behind CONCURRENTLY, and the server
/// would crash.</para>
/// </remarks>
internal sealed class CaptureSql(string changefeed, TableSelection selection, int serverMajor)
{
    readonly CaptureNames _names = new(changefeed);
    readonly CaptureFunctions _functions = new(new(changefeed, selection, serverMajor));

    /// <summary>Says which version of the functions this is: another text, other patterns or another server version
    /// give another one.</summary>
    public string Version => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', [.. Functions(), .. Triggers()]))))[..16];

    /// <summary>Everything, to be run in one transaction; also over an earlier version.</summary>
    public IEnumerable<string> Create() =>
    [
        $"CREATE SCHEMA IF NOT EXISTS {CaptureNames.Schema};",
        $"""
        CREATE TABLE IF NOT EXISTS {CaptureNames.Schema}.capture
            (changefeed text PRIMARY KEY, seal text NOT NULL, version text NOT NULL);
        """,
        $"REVOKE ALL ON {CaptureNames.Schema}.capture FROM PUBLIC;",
        .. Functions(),
        .. _names.Triggers.Select(static t => $"DROP EVENT TRIGGER IF EXISTS {PostgresNames.Quote(t.Name)};"),
        .. Triggers(),
        $"""
        INSERT INTO {CaptureNames.Schema}.capture
            VALUES ({SelectionSql.Literal(changefeed)}, pg_catalog.gen_random_uuid(), '{Version}')
            ON CONFLICT (changefeed) DO UPDATE SET version = excluded.version;
        """,
    ];

    /// <summary>Takes it all away again; harmless if nothing is there.</summary>
    public static IEnumerable<string> Drop(string changefeed)
    {
        CaptureNames names = new(changefeed);
        return
        [
            .. names.Triggers.Select(static t => $"DROP EVENT TRIGGER IF EXISTS {PostgresNames.Quote(t.Name)};"),
            .. CaptureFunctions.Signatures(changefeed).Select(static f => $"DROP FUNCTION IF EXISTS {f};"),
        ];
    }

    /// <summary>Names of the functions, without the schema.</summary>
    public static IEnumerable<string> FunctionNames(string changefeed) =>
        CaptureFunctions.Signatures(changefeed).Select(static f => f.Split('"')[3]);

    // PUBLIC may call a new function; ours read what not everybody may, and write what only we may.
    IEnumerable<string> Functions() =>
    [
        .. _functions.Create(),
        .. CaptureFunctions.Signatures(changefeed).Select(static f => $"REVOKE ALL ON FUNCTION {f} FROM PUBLIC;"),
    ];

    IEnumerable<string> Triggers()
    {
        foreach ((string name, string @event, string function) in _names.Triggers)
        {
            string[] tags = CaptureTags.Of(@event);
            string list = string.Join(", ", tags.Select(static tag => $"'{tag}'"));
            string when = tags.Length == 0 ? "" : $" WHEN TAG IN ({list})";
            yield return $"CREATE EVENT TRIGGER {PostgresNames.Quote(name)} ON {@event}{when} "
                + $"EXECUTE FUNCTION {function}();";
            yield return $"ALTER EVENT TRIGGER {PostgresNames.Quote(name)} ENABLE ALWAYS;";
        }
    }
}
