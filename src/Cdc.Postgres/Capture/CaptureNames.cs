using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Capture;

/// <summary>What the parts of one changefeed's DDL capture are called in the server.</summary>
internal sealed record CaptureNames(string Changefeed)
{
    /// <summary>Holds functions and the table of seals; nothing of the application's.</summary>
    public const string Schema = "cdc";

    /// <summary>Begins the prefix of messages about DDL. What follows is the changefeed's name, a dot and its seal,
    /// which only roles that read the log or own the functions can see: anybody may write a message, and only ours
    /// count.</summary>
    public const string MessagePrefix = "cdc.ddl.";

    /// <summary>The event triggers with their events, in the order in which they fire.</summary>
    public IEnumerable<(string Name, string Event, string Function)> Triggers =>
    [
        (PostgresNames.Prefix + Changefeed + "_start", "ddl_command_start", Function("start")),
        (PostgresNames.Prefix + Changefeed + "_rewrite", "table_rewrite", Function("rewrite")),
        (PostgresNames.Prefix + Changefeed + "_drop", "sql_drop", Function("drop")),
        (PostgresNames.Prefix + Changefeed + "_ddl", "ddl_command_end", Function("ddl")),
    ];

    /// <summary>The setting, local to a transaction, in which one event hands what it saw to the next.</summary>
    public string Pending => $"cdc.pending_{Changefeed}";

    /// <summary>The setting in which a DROP INDEX finds whose index it was.</summary>
    public string Indexes => $"cdc.indexes_{Changefeed}";

    /// <summary>The setting, local to a transaction, in which it finds the spare that it holds already.</summary>
    public string HeldKeyed => $"cdc.held_keyed_{Changefeed}";

    /// <summary>The same, of the publication of inserts.</summary>
    public string HeldInserts => $"cdc.held_insert_{Changefeed}";

    /// <summary>A function's name, qualified and quoted.</summary>
    public string Function(string part) =>
        PostgresNames.Quote(Schema) + "." + PostgresNames.Quote($"{Changefeed}_{part}");
}
