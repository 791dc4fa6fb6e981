using System.Collections.Immutable;

namespace Cdc.Protocol;

/// <summary>Which spans a block event stops. In doubt <see cref="All"/>: slow, never wrong.</summary>
public abstract record Influence
{
    Influence() { }

    /// <summary>Whether it stops the spans of a table that is in this schema.</summary>
    internal bool Means(TableId table, string schema) => this switch
    {
        Normal normal => normal.Tables.Contains(table),
        Database database => schema == database.Schema,
        _ => true,
    };

    /// <summary>Exactly these tables. <see cref="TableId.Trigger"/> is among them where the source orders its DDL,
    /// and always where there are several tables.</summary>
    /// <remarks>One of several may be parked, copied beyond the event and dropped before the others come to it: it
    /// would then be executed on a table that is gone. The trigger comes to the drop behind it.</remarks>
    public sealed record Normal(ImmutableArray<TableId> Tables) : Influence
    {
        public bool Equals(Normal? other) => other is not null && Tables.AsSpan().SequenceEqual(other.Tables.AsSpan());

        public override int GetHashCode() => Tables.Length == 0 ? 0 : (Tables.Length * 397) ^ Tables[0].GetHashCode();

        public override string ToString() => $"tables {string.Join(", ", Tables)}";
    }

    /// <summary>All tables of one schema.</summary>
    public sealed record Database(string Schema) : Influence
    {
        public override string ToString() => $"schema {Schema}";
    }

    /// <summary>Every table of the changefeed.</summary>
    public sealed record All : Influence
    {
        public override string ToString() => "all tables";
    }
}
