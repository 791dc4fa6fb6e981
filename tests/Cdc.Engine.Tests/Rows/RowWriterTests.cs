using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Protocol;
using FsCheck;
using FsCheck.Fluent;

namespace Cdc.Engine.Tests.Rows;

public sealed class RowWriterTests
{
    static readonly TableSchema Narrow = RandomRows.Find(new(1));
    readonly RowBlockPool _pool = new();
    readonly RowWriter _writer;

    public RowWriterTests() => _writer = new(_pool);

    [Fact]
    public void Random_rows_read_back_equal_and_all_memory_comes_back() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            RandomRows random = new(seed) { LargestValue = seed % 5 == 0 ? 60_000 : 300 };
            List<PlainRow> expected = [];
            for (uint i = 1; i <= 5; i++)
            {
                expected.AddRange(random.Write(_writer, new(new(i * 10, 0), i * 1000, i), rows: 40));
                _writer.Commit(i * 10, i * 1000);
            }
            _writer.Seal();
            Assert.Equal(expected, PlainRow.Of(_writer.Completed));
            _writer.Abandon();
            Assert.Equal(0, _pool.BytesOut);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Rows_of_an_open_transaction_carry_their_position_once_it_is_committed()
    {
        Open(xid: 9);
        Insert(Narrow, "a");
        _writer.NextStep();
        _writer.NextStep();
        Insert(Narrow, "b");
        _writer.Seal();
        RowBatch batch = Assert.Single(_writer.Completed);
        Assert.Equal(0UL, batch.FirstTs.Commit);
        _writer.Commit(55, 66);
        Assert.Equal([new(new(55, 0), 66, 9), new CommitStamp(new(55, 2), 66, 9)], PlainRow.Of([batch])
            .Select(r => r.Stamp));
        Assert.Equal([0u, 0u], PlainRow.Of([batch]).Select(r => r.Sequence));
        Assert.Equal((new CommitTs(55, 0), new CommitTs(55, 2)), (batch.FirstTs, batch.LastTs));
    }

    [Fact]
    public void A_batch_may_hold_rows_of_several_transactions()
    {
        for (uint i = 1; i <= 3; i++)
        {
            Open(i);
            Insert(Narrow, "x");
            _writer.Commit(i * 10, i);
        }
        _writer.Seal();
        RowBatch batch = Assert.Single(_writer.Completed);
        Assert.Equal(3, batch.Count);
        Assert.Equal((new CommitTs(10, 0), new CommitTs(30, 0)), (batch.FirstTs, batch.LastTs));
    }

    [Fact]
    public void A_row_that_does_not_fit_moves_to_a_new_block_whole()
    {
        Open(1);
        int half = (int)Limits.RowBlockBytes / 2;
        Insert(Narrow, new string('a', half));
        Insert(Narrow, new string('b', half));
        _writer.Seal();
        _writer.Commit(10, 1);
        Assert.Equal(2, _writer.Completed.Count);
        Assert.Equal(["a", "b"], PlainRow.Of(_writer.Completed).Select(row => row.New[0]![..1]));
        Assert.All(PlainRow.Of(_writer.Completed), static row => Assert.Equal(10UL, row.Stamp.Ts.Commit));
    }

    [Fact]
    public void A_row_may_be_larger_than_a_block_and_its_memory_is_not_kept()
    {
        TableSchema wide = RandomRows.Find(new(3));
        Open(1);
        Insert(Narrow, "before");
        _writer.StartRow(wide, Op.Insert);
        for (int i = 0; i < 30; i++) _writer.Value(new byte[50_000]);
        _writer.EndRow();
        Insert(Narrow, "after");
        _writer.Commit(10, 1);
        _writer.Seal();
        List<PlainRow> rows = PlainRow.Of(_writer.Completed);
        Assert.Equal([0u, 1, 2], rows.Select(static row => row.Sequence));
        Assert.All(rows[1].New, static cell => Assert.Equal(50_000, cell!.Length));
        _writer.Abandon();
        Assert.Equal(0, _pool.BytesOut);
        Assert.Equal((int)Limits.RowBlockBytes, _pool.Take().Memory.Length);
    }

    [Fact]
    public void A_dropped_row_leaves_nothing_and_takes_no_sequence()
    {
        Open(1);
        Insert(Narrow, "a");
        _writer.StartRow(Narrow, Op.Insert);
        _writer.Value(new byte[Limits.RowBlockBytes]);
        _writer.DropRow();
        Insert(Narrow, "b");
        _writer.Commit(10, 1);
        _writer.Seal();
        List<PlainRow> rows = PlainRow.Of(_writer.Completed);
        Assert.Equal(["a", "b"], rows.Select(static row => row.New[0]));
        Assert.Equal([0u, 1], rows.Select(static row => row.Sequence));
    }

    [Fact]
    public void An_update_with_an_old_image_takes_two_numbers()
    {
        Open(1);
        _writer.StartRow(Narrow, Op.Update);
        _writer.Value("old"u8);
        _writer.StartNewImage();
        _writer.Value("new"u8);
        _writer.EndRow(OldImage.Key, RowFlags.KeyChanged);
        Assert.Equal(2u, _writer.TakeSequence());
        Insert(Narrow, "x");
        Assert.Equal(3u, _writer.LastRow.Sequence);
        _writer.Abandon();
    }

    [Fact]
    public void A_value_may_be_shortened_and_cells_copied_from_another_row()
    {
        Open(1);
        _writer.StartRow(Narrow, Op.Insert);
        "short"u8.CopyTo(_writer.Value(4000));
        _writer.Shorten(reserved: 4000, used: 5);
        _writer.EndRow();
        byte[] cells = _writer.LastRow.New.Raw.ToArray();
        _writer.StartRow(Narrow, Op.Insert);
        _writer.Cells(new Cdc.Engine.Rows.Tuple(cells));
        _writer.EndRow();
        _writer.Commit(10, 1);
        _writer.Seal();
        Assert.Equal(["short", "short"], PlainRow.Of(_writer.Completed).Select(static row => row.New[0]));
    }

    [Fact]
    public void After_abandoning_writing_begins_anew()
    {
        Open(1);
        Insert(Narrow, "lost");
        _writer.Seal();
        Insert(Narrow, "lost as well");
        _writer.Abandon();
        Assert.Equal(0, _pool.BytesOut);
        Open(2);
        Insert(Narrow, "kept");
        _writer.Commit(20, 2);
        _writer.Seal();
        PlainRow row = Assert.Single(PlainRow.Of(_writer.Completed));
        Assert.Equal(("kept", 20UL, 2u), (row.New[0], row.Stamp.Ts.Commit, row.Stamp.Xid));
    }

    [Fact]
    public async Task Stamps_of_a_batch_handed_on_stay_right_while_its_block_is_written_further()
    {
        Open(1);
        Insert(Narrow, "first");
        _writer.Commit(10, 1);
        _writer.Seal();
        RowBatch batch = _writer.Completed[0];
        using CancellationTokenSource done = new();
        Task<bool> reader = Task.Factory.StartNew(() =>
        {
            bool right = true;
            while (!done.IsCancellationRequested) right &= batch.LastStamp == new CommitStamp(new(10, 0), 1, 1);
            return right;
        }, TaskCreationOptions.LongRunning);
        for (uint i = 2; i < 3000; i++)
        {
            Open(i);
            Insert(Narrow, "x");
            _writer.Commit(i * 10, i);
        }
        await done.CancelAsync();
        Assert.True(await reader);
        _writer.Abandon();
    }

    void Open(uint xid) => _writer.Begin(new(default, 0, xid));

    void Insert(TableSchema schema, string value)
    {
        _writer.StartRow(schema, Op.Insert);
        _writer.Value(System.Text.Encoding.UTF8.GetBytes(value));
        _writer.EndRow();
    }
}
