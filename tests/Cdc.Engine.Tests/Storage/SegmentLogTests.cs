using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Storage;
using Cdc.Engine.Tests.Rows;
using Cdc.Protocol;
using FsCheck;
using FsCheck.Fluent;

namespace Cdc.Engine.Tests.Storage;

public sealed class SegmentLogTests : IDisposable
{
    readonly TestDirectory _directory = new();
    readonly RowBlockPool _pool = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_was_appended_reads_back_equal_whatever_the_rows_and_the_size_of_segments() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            using SegmentLog log = new(_directory[$"{seed}"], _pool, segmentBytes: 1 << (10 + (seed & 7)));
            (List<PlainRow> rows, List<RowBatch> batches) = Transaction(seed, rows: 200);
            List<SegmentEntry> entries = [.. batches.Select(log.Append)];
            batches.ForEach(static batch => batch.Release());

            List<RowBatch> read = [.. entries.Select(entry => log.Read(entry, Schema(entry), 77, 99))];
            Assert.Equal(rows, PlainRow.Of(read));
            read.ForEach(static batch => batch.Release());
            Assert.Equal(0, _pool.BytesOut);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_next_entry_is_found_from_the_one_before_it_across_segments()
    {
        using SegmentLog log = new(_directory.Path, _pool, segmentBytes: 4096);
        (_, List<RowBatch> batches) = Transaction(seed: 5, rows: 300);
        List<SegmentEntry> entries = [.. batches.Select(log.Append)];
        Assert.True(entries[^1].Segment > 5);

        List<SegmentEntry> walked = [entries[0]];
        while (log.TryNext(walked[^1], out SegmentEntry next)) walked.Add(next);
        Assert.Equal(entries, walked);
        batches.ForEach(static batch => batch.Release());
    }

    [Fact]
    public void A_position_known_when_appended_stays_and_an_open_one_is_filled_in()
    {
        using SegmentLog log = new(_directory.Path, _pool);
        RowWriter writer = new(_pool);
        PlainRow first = Plain(new(new(10, 0), 1000, 1));
        PlainRow second = Plain(new(new(20, 1), 2000, 2));
        writer.Begin(first.Stamp with { Ts = default });
        RandomRows.Write(writer, first);
        writer.Commit(10, 1000);
        writer.Begin(second.Stamp with { Ts = default, CommitTime = 0 });
        writer.NextStep();
        RandomRows.Write(writer, second);
        writer.Seal();
        List<SegmentEntry> entries = [.. writer.Completed.Select(log.Append)];
        writer.Abandon();

        List<RowBatch> batches = [.. entries.Select(entry => log.Read(entry, Schema(entry), 20, 2000))];
        Assert.Equal([first, second], PlainRow.Of(batches));
        Assert.Equal([new(10, 0), new CommitTs(20, 1)], batches.Select(static batch => batch.LastTs));
        batches.ForEach(static batch => batch.Release());
    }

    [Fact]
    public void A_segment_goes_when_its_last_entry_is_released_and_the_rest_with_the_log()
    {
        SegmentLog log = new(_directory.Path, _pool, segmentBytes: 4096);
        (_, List<RowBatch> batches) = Transaction(seed: 6, rows: 100);
        List<SegmentEntry> entries = [.. batches.Select(log.Append)];
        batches.ForEach(static batch => batch.Release());
        int files = Files().Length;
        Assert.True(files > 2);

        int first = entries[0].Segment;
        foreach (SegmentEntry entry in entries.Where(entry => entry.Segment == first)) log.Release(entry);
        Assert.Equal(files - 1, Files().Length);
        foreach (SegmentEntry entry in entries.Where(entry => entry.Segment != first)) log.Release(entry);
        Assert.Empty(Files());
        Assert.Equal(0, log.BytesOnDisk);

        (_, batches) = Transaction(seed: 7, rows: 10);
        batches.ForEach(batch => log.Append(batch));
        Assert.NotEmpty(Files());
        log.Dispose();
        Assert.Empty(Files());
    }

    [Fact]
    public void What_a_dead_process_left_is_removed()
    {
        File.WriteAllText(_directory["0000002a.segment"], "anything");
        using SegmentLog log = new(_directory.Path, _pool);
        Assert.Empty(Files());
    }

    [Fact]
    public void Files_belong_to_their_owner_alone()
    {
        using SegmentLog log = new(_directory["log"], _pool);
        log.Append(Transaction(1, 1).Batches[0]);
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(owner | UnixFileMode.UserExecute, TestDirectory.Mode(_directory["log"]));
        Assert.Equal(owner, TestDirectory.Mode(Assert.Single(Directory.GetFiles(_directory["log"]))));
    }

    [Fact]
    public void A_full_disk_is_a_failure_that_names_the_directory_and_leaves_the_log_usable()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        using SegmentLog log = new(_directory.Path, _pool);
        RowBatch batch = Transaction(1, 1).Batches[0];
        string next = _directory["00000001.segment"];
        File.CreateSymbolicLink(next, "/dev/full");

        CdcException full = Assert.Throws<CdcException>(() => log.Append(batch));
        Assert.Equal(FailureKind.DiskFailed, full.Kind);
        Assert.Contains("full", full.Message);
        Assert.Contains(_directory.Path, full.Message);

        File.Delete(next);
        SegmentEntry entry = log.Append(batch);
        log.Read(entry, Schema(entry), 77, 99).Release();
    }

    [Fact]
    public void A_row_larger_than_a_segment_gets_one_of_its_own()
    {
        using SegmentLog log = new(_directory.Path, _pool, segmentBytes: 4096);
        RowWriter writer = new(_pool);
        PlainRow large = Plain(new(new(77, 0), 99, 7)) with { New = [new string('x', 1 << 20)] };
        writer.Begin(large.Stamp with { Ts = default });
        RandomRows.Write(writer, large);
        writer.Seal();
        SegmentEntry entry = log.Append(writer.Completed[0]);
        writer.Abandon();
        RowBatch batch = log.Read(entry, Schema(entry), 77, 99);
        Assert.Equal([large], PlainRow.Of([batch]));
        batch.Release();
    }

    string[] Files() => Directory.GetFiles(_directory.Path);

    static PlainRow Plain(CommitStamp stamp) =>
        new(new(1), Op.Insert, OldImage.None, RowFlags.None, 0, stamp, [], ["value"]);

    static Cdc.Engine.Schemas.TableSchema Schema(SegmentEntry entry) => RandomRows.Find(entry.Table);

    (List<PlainRow> Rows, List<RowBatch> Batches) Transaction(int seed, int rows)
    {
        RowWriter writer = new(_pool);
        List<PlainRow> written = new RandomRows(seed).Write(writer, new(new(77, 0), 99, 7), rows);
        writer.Seal();
        List<RowBatch> batches = [.. writer.Completed];
        writer.Completed.Clear();
        writer.Abandon();
        return (written, batches);
    }
}
