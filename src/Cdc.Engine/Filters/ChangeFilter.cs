using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;

namespace Cdc.Engine.Filters;

/// <summary>Leaves out columns and kinds of change. Placeholder of the port: everything passes.</summary>
public sealed class ChangeFilter
{
    public static ChangeFilter PassAll { get; } = new();

    /// <summary>The batch without what is left out, or null if nothing is left; then it is released and acknowledged.</summary>
    public RowBatch? Apply(RowBatch batch) => batch;

    /// <summary>The event without tables whose truncates are left out, or null if none is left.</summary>
    public TruncateEvent? Apply(TruncateEvent truncate) => truncate;

    /// <summary>The schema that rows have behind the filter.</summary>
    public TableSchema Apply(TableSchema schema) => schema;
}
