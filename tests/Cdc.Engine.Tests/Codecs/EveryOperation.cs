using Cdc.Engine.Codecs;
using Cdc.Engine.Rows;
using static Cdc.Engine.Tests.Codecs.RowMaker;
using static Cdc.Engine.Tests.Codecs.Samples;

namespace Cdc.Engine.Tests.Codecs;

/// <summary>A story with every kind of change, and the tables at its end.</summary>
static class EveryOperation
{
    public static RowMaker Write(IRowEncoder encoder) => new RowMaker(encoder)
        .Snapshot(Copied(Orders, "1", "first", "10.00"), Copied(Orders, "2", null, "0"))
        .Transaction(
            Insert(Orders, "3", "third", "1.5"),
            Update(Orders, "1", "first again", "11.00"),
            Update(Orders, "1", Unchanged, "12.00"),
            Update(Orders, OldImage.Full, ["2", null, "0"], ["2", "second", "0"]),
            Insert(Lines, "n", "1", "2", "{a,NULL}"))
        .Transaction(
            Update(Orders, OldImage.Key, ["3", null, null], ["30", "third", "1.5"], keyChanged: true),
            Update(Orders, OldImage.Key, ["1", null, null], ["10", Unchanged, "12.00"], keyChanged: true),
            Update(Lines, OldImage.Key, [null, "1", "2", null], ["n", "1", "3", "{}"], keyChanged: true),
            Delete(Orders, OldImage.Key, "30", null, null),
            Insert(Orders, "40", "gone soon", null),
            Delete(Orders, OldImage.Full, "40", "gone soon", null))
        .Transaction(
            Insert(Log, "a", "{\"x\": 1}"), Insert(Log, "a", "{\"x\": 1}"), Insert(Log, "b", "null"), Insert(Log, "c", null),
            Delete(Log, OldImage.Full, "a", "{\"x\": 1}"),
            Update(Log, OldImage.Full, ["b", "null"], ["b", "{}"]),
            Message("app.order-paid", "\\x7b226964223a31377d"), Message("app.binary", "\\x00ff"))
        .Transaction(Insert(Nothing), Insert(Orders, "50", "before the truncate", "5"))
        .Checkpoint();

    public static RowMaker WriteTruncate(IRowEncoder encoder) => new RowMaker(encoder)
        .Transaction(Insert(Orders, "1", "a", "1"), Insert(Log, "a", null), Insert(Lines, "n", "1", "1", null))
        .Truncate(Orders, Log)
        .Transaction(Insert(Orders, "1", "again", "2"))
        .Checkpoint();
}
