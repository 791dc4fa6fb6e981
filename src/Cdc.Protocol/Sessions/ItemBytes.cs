using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Sessions;

/// <summary>What the items of a stream take on the wire: upper bounds, so that no batch gets too large.</summary>
internal static class ItemBytes
{
    /// <summary>Of every item: whose it is, its numbers, its position.</summary>
    public const int Head = 96;

    const int Named = 48;
    const int Table = 10;

    /// <summary>Of an item that names so many sessions.</summary>
    public static int OfNamed(int sessions) => Head + (sessions * Named);

    public static int OfRows(ReadOnlyMemory<byte> rows) => Head + rows.Length;

    public static int OfBlock(BlockPayload payload)
    {
        int bytes = Head + Of(payload.Influence) + (payload.Unsplit.Length * Table);
        if (payload.Dropped is { } dropped) bytes += Of(dropped);
        foreach (AddedTable added in payload.Added.AsSpan()) bytes += Table + Of(added.Schema) + 1;
        foreach (MovedTable moved in payload.Moved.AsSpan()) bytes += Table + Of(moved.From) + Of(moved.To);
        return bytes;
    }

    static int Of(Influence influence) => influence switch
    {
        Influence.Normal normal => normal.Tables.Length * Table,
        Influence.Database database => Of(database.Schema),
        _ => 0,
    };

    // A length, and UTF-8.
    static int Of(string name) => 2 + (name.Length * 3);
}
