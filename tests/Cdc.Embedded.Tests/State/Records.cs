using Cdc.Engine.Schemas;
using Cdc.Engine.State;
using Cdc.Protocol;

namespace Cdc.Embedded.Tests.State;

/// <summary>Records to save, and a comparison of what is saved.</summary>
static class Records
{
    public const string Name = "shop_1a2b3c";

    public static ChangefeedState State(long revision, ulong checkpoint = 500) => new()
    {
        Name = Name,
        Revision = revision,
        Source = new("postgres", "7301234567890123456", "shop \"ä\"", 3),
        Slot = "cdc_" + Name,
        Epoch = 7,
        FirstConsistent = CommitTs.End(100),
        Checkpoint = CommitTs.End(checkpoint),
        Snapshot = SnapshotPhase.Done,
        Copied = new Dictionary<TableId, CommitTs> { [new(1)] = CommitTs.End(100), [new(2)] = new(120, 7) }
            .ToSortedDictionary(),
        Options = new Dictionary<string, string> { ["from"] = "postgres://me:***@host/shop", ["to"] = "./out" }
            .ToSortedDictionary(),
    };

    public static TableSchema Schema(long id, ulong since = 1) => new()
    {
        Id = new(id),
        Since = new(since, 0),
        Name = new("public", $"table{id}"),
        SourceId = (uint)id + 16000,
        Columns = [new("id", new(TypeKind.Int64, "int8", 20), true), new("note", new(TypeKind.Text, "text", 25))],
        Key = [0],
    };

    /// <summary>Records hold dictionaries, which compare by reference; this compares what they hold.</summary>
    public static void AssertEqual(ChangefeedState expected, ChangefeedState? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Copied.ToList(), actual.Copied.ToList());
        Assert.Equal(expected.Options.ToList(), actual.Options.ToList());
        Assert.Equal(expected, actual with { Copied = expected.Copied, Options = expected.Options });
    }

    static System.Collections.Immutable.ImmutableSortedDictionary<TKey, TValue> ToSortedDictionary<TKey, TValue>(
        this Dictionary<TKey, TValue> pairs) where TKey : notnull =>
        System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(pairs);
}
