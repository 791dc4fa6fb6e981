using Cdc.Engine.Options;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Filters;

/// <summary>Kinds of change that can be left out. Rows of a snapshot and logical messages are none of them.</summary>
[Flags]
enum DroppedOps : byte
{
    None = 0,
    Insert = 1,
    Update = 2,
    Delete = 4,
    Truncate = 8,
}

/// <summary>Leaves out kinds of change of some tables: <c>schema.table:insert,update,delete,truncate</c>.</summary>
/// <remarks>A change of a key is an update, whatever a format makes of it.</remarks>
sealed record OpsRule(TablePattern Tables, DroppedOps Dropped)
{
    /// <exception cref="FormatException">The text is not a rule; the message says why.</exception>
    public static OpsRule Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon < 0) throw new FormatException($"'{text}': write table:insert,update,delete,truncate.");
        DroppedOps dropped = DroppedOps.None;
        foreach (string op in text[(colon + 1)..].Split(',')) dropped |= Named(op.Trim(), text);
        return new(TablePattern.Parse(text[..colon]), dropped);
    }

    internal static DroppedOps Of(Op op) => op switch
    {
        Op.Insert => DroppedOps.Insert,
        Op.Update => DroppedOps.Update,
        Op.Delete => DroppedOps.Delete,
        Op.Snapshot or Op.Message => DroppedOps.None,
    };

    static DroppedOps Named(string op, string text) => op switch
    {
        "insert" => DroppedOps.Insert,
        "update" => DroppedOps.Update,
        "delete" => DroppedOps.Delete,
        "truncate" => DroppedOps.Truncate,
        _ => throw new FormatException($"'{text}': '{op}' is none of insert, update, delete, truncate."),
    };
}
