namespace Cdc.Engine.Rows;

/// <summary>What happened to a row.</summary>
public enum Op : byte
{
    /// <summary>The row was there when the table was copied.</summary>
    Snapshot = 1,
    Insert = 2,
    Update = 3,
    Delete = 4,
    /// <summary>A logical message, as a row of <see cref="Schemas.TableSchema.Messages"/>.</summary>
    Message = 5,
}

/// <summary>What of the old row came along.</summary>
public enum OldImage : byte
{
    None = 0,
    /// <summary>The columns of the replica identity; all others read as NULL and mean nothing.</summary>
    Key = 1,
    Full = 2,
}

/// <summary>Facts about one row that the source knows for free and a consumer would have to compute.</summary>
[Flags]
public enum RowFlags : byte
{
    None = 0,
    /// <summary>The bytes of a key column differ between the old and the new image.</summary>
    KeyChanged = 1,
    /// <summary>At least one cell of the new image is unchanged and was not sent.</summary>
    HasUnchanged = 2,
}
