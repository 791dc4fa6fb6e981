using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>One table's change as the generators need it: both definitions as the target has them, what is called
/// otherwise, and what a parent in the same event does for it.</summary>
internal sealed class AlteredTable
{
    readonly List<AlteredTable> _below = [];

    public AlteredTable(SchemaChange.TableAltered change, IEnumerable<AlteredTable> parents, Renames shared)
    {
        Before = TargetView.Of(change.Before);
        After = TargetView.Of(change.After);
        (Schema, OldSchema, OldName, Rewrite) = (change.After, change.Before, change.Before.Name, change.Rewrite);
        Parents = [.. parents.Where(parent => Descends(Before, parent) && Descends(After, parent))];
        Renames = new(shared);
        foreach ((ColumnDefinition before, ColumnDefinition after) in Kept) Renames.Column(before.Name, after.Name);
    }

    /// <summary>The statement is of a kind that has no USING: ALTER TYPE, for tables made of a type.</summary>
    public bool HasNoUsing { get; init; }

    public TableSchema Schema { get; }
    public TableSchema OldSchema { get; }
    public TableName OldName { get; }
    public TableName Name => Schema.Name;
    public TableDefinition Before { get; }
    public TableDefinition After { get; }

    /// <summary>The table's own, and that of tables below it in the same event: a partitioned table has no rows to
    /// write anew.</summary>
    public TableRewrite Rewrite { get; private set; }

    /// <summary>Tables of the same event above this one, before and after: what they do to columns reaches this
    /// one.</summary>
    public IReadOnlyList<AlteredTable> Parents { get; }

    /// <summary>The event's, and of the columns of this table.</summary>
    public Renames Renames { get; }

    /// <summary>Whether it becomes a partition or child now, so that what it shares with the parent is made
    /// before.</summary>
    public bool IsAttached => After.PartitionOf is { } parent && !IsSameParent(parent);

    /// <summary>Pairs of the same column before and after.</summary>
    public IEnumerable<(ColumnDefinition Before, ColumnDefinition After)> Kept =>
        After.Columns.Join(Before.Columns, static a => a.Number, static b => b.Number, static (a, b) => (b, a));

    public IEnumerable<ColumnDefinition> Dropped =>
        Before.Columns.ExceptBy(After.Columns.Select(static column => column.Number), static column => column.Number);

    public IEnumerable<ColumnDefinition> Added =>
        After.Columns.ExceptBy(Before.Columns.Select(static column => column.Number), static column => column.Number);

    /// <summary>Every ancestor within the event.</summary>
    public IEnumerable<AlteredTable> Ancestors => Parents.SelectMany(static parent => parent.Ancestors.Prepend(parent));

    /// <summary>Tables of the event that have this one above them.</summary>
    public IReadOnlyList<AlteredTable> Below => _below;

    /// <summary>Takes note of a table below, and of what it had to write anew.</summary>
    public void TakeBelow(AlteredTable child)
    {
        _below.Add(child);
        TableRewrite both = Rewrite | child.Rewrite;
        bool isEmpty = (Rewrite == TableRewrite.None || Rewrite.HasFlag(TableRewrite.Empty))
            && (child.Rewrite == TableRewrite.None || child.Rewrite.HasFlag(TableRewrite.Empty));
        Rewrite = isEmpty ? both : both & ~TableRewrite.Empty;
    }

    public bool HasRewritten(TableRewrite reason) => Rewrite.HasFlag(reason) && !Rewrite.HasFlag(TableRewrite.Empty);

    bool IsSameParent(TableName parent) =>
        Before.PartitionOf is { } before && Renames.After(before) == parent;

    static bool Descends(TableDefinition child, AlteredTable parent) =>
        child.PartitionOf is { } of ? of == parent.Name || of == parent.OldName
            : child.Inherits.Any(name => name == parent.Name || name == parent.OldName);
}
