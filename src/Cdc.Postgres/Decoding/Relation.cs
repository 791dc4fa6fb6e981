using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Decoding;

/// <summary>What the decoder knows of one table while its connection lasts.</summary>
internal sealed class Relation(TableSchema schema, bool isCaptured)
{
    /// <summary>The version that rows are decoded under now; provisional while the transaction that changed it is
    /// open.</summary>
    public TableSchema Schema { get; set; } = schema;

    /// <summary>Whether its rows are carried; otherwise they are skipped unread.</summary>
    public bool IsCaptured { get; } = isCaptured;

    public int ColumnCount => Schema.Columns.Length;

    /// <summary>Where the cells of the last old image lie in its message.</summary>
    public CellRange[] OldCells { get; } = new CellRange[schema.Columns.Length];

    /// <summary>Where the cells of the last new image lie, when they are to be compared with the old ones.</summary>
    public CellRange[] NewCells { get; } = new CellRange[schema.Columns.Length];

    public bool[] IsIdentity { get; } = [.. schema.Columns.Select(static c => c.IsIdentity)];

    public int[] Key { get; } = [.. schema.Key];
}

/// <summary>A cell of a message: its kind, and where its bytes are.</summary>
internal readonly record struct CellRange(byte Kind, int Start, int Length)
{
    public const byte Null = (byte)'n';
    public const byte Unchanged = (byte)'u';
    public const byte Text = (byte)'t';
}
