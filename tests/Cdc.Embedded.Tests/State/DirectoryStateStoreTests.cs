using Cdc.Embedded.State;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.State;

namespace Cdc.Embedded.Tests.State;

public sealed class DirectoryStateStoreTests : IDisposable
{
    static readonly CancellationToken None = CancellationToken.None;
    readonly TestDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task A_new_directory_holds_nothing()
    {
        await using DirectoryStateStore store = Open();
        Assert.Null(await store.LoadAsync(None));
        Assert.Empty(await store.LoadSchemasAsync(None));
        Assert.False(DirectoryStateStore.Exists(_root.Path, Records.Name));
    }

    [Fact]
    public async Task What_was_saved_is_there_after_the_process_ends()
    {
        await using (DirectoryStateStore store = Open())
        {
            await store.AppendSchemasAsync([Records.Schema(1), Records.Schema(2)], None);
            Assert.Equal(PersistOutcome.Persisted, await store.SaveAsync(Records.State(1, 400), None));
            await store.AppendSchemasAsync([Records.Schema(2), Records.Schema(1, since: 450)], None);
            Assert.Equal(PersistOutcome.Persisted, await store.SaveAsync(Records.State(2, 500), None));
        }
        Assert.True(DirectoryStateStore.Exists(_root.Path, Records.Name));
        await using DirectoryStateStore again = Open();
        Records.AssertEqual(Records.State(2, 500), await again.LoadAsync(None));
        Assert.Equal([Records.Schema(1), Records.Schema(2), Records.Schema(1, since: 450)],
            await again.LoadSchemasAsync(None));
    }

    [Fact]
    public async Task Schemas_of_a_start_that_never_had_a_position_are_forgotten()
    {
        await using (DirectoryStateStore store = Open())
        {
            await store.SaveAsync(Records.State(1) with { FirstConsistent = default }, None);
            // The machine crashes before the record that has the position.
            await store.AppendSchemasAsync([Records.Schema(1), Records.Schema(2)], None);
        }
        await using (DirectoryStateStore again = Open())
        {
            Assert.Empty(await again.LoadSchemasAsync(None));
            await again.AppendSchemasAsync([Records.Schema(1, since: 7)], None);
            await again.SaveAsync(Records.State(2), None);
        }
        await using DirectoryStateStore last = Open();
        Assert.Equal([Records.Schema(1, since: 7)], await last.LoadSchemasAsync(None));
    }

    [Fact]
    public async Task A_save_that_does_not_follow_the_saved_one_is_refused()
    {
        await using DirectoryStateStore store = Open();
        Assert.Equal(PersistOutcome.Refused, await store.SaveAsync(Records.State(2), None));
        Assert.Equal(PersistOutcome.Persisted, await store.SaveAsync(Records.State(1), None));
        Assert.Equal(PersistOutcome.Refused, await store.SaveAsync(Records.State(1, checkpoint: 900), None));
        Assert.Equal(PersistOutcome.Refused, await store.SaveAsync(Records.State(3, checkpoint: 900), None));
        Records.AssertEqual(Records.State(1), await store.LoadAsync(None));
    }

    [Fact]
    public async Task A_second_opener_is_told_who_holds_the_directory()
    {
        await using (Open())
        {
            CdcException failure = Assert.Throws<CdcException>(() => Open());
            Assert.Equal(FailureKind.StateLocked, failure.Kind);
            Assert.Contains($"process {Environment.ProcessId}", failure.Message);
        }
        await using DirectoryStateStore after = Open();
    }

    [Fact]
    public async Task Only_one_of_many_openers_at_once_gets_the_directory()
    {
        using Barrier together = new(8);
        DirectoryStateStore?[] stores =
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(() =>
        {
            together.SignalAndWait();
            try
            {
                return Open();
            }
            catch (CdcException failure) when (failure.Kind == FailureKind.StateLocked)
            {
                return null;
            }
        }, TaskCreationOptions.LongRunning)));
        await Assert.Single(stores, static store => store is not null)!.DisposeAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("Shop")]
    [InlineData("1shop")]
    [InlineData("shop/../x")]
    [InlineData("shöp")]
    [InlineData("a2345678901234567890123456789012345678901")]
    public void A_name_that_breaks_the_rule_is_refused(string name) =>
        Assert.Equal(FailureKind.Usage,
            Assert.Throws<CdcException>(() => DirectoryStateStore.Open(_root.Path, name)).Kind);

    [Fact]
    public async Task Everything_belongs_to_its_owner_alone()
    {
        await using DirectoryStateStore store = Open();
        await store.AppendSchemasAsync([Records.Schema(1)], None);
        await store.SaveAsync(Records.State(1), None);
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no such modes");
        else
        {
            const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(store.DirectoryPath));
            Assert.Equal(["lock", "schemas.ndjson", "state.json"],
                Directory.GetFiles(store.DirectoryPath).Select(Path.GetFileName).Order());
            foreach (string file in Directory.GetFiles(store.DirectoryPath))
                Assert.Equal(owner, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task A_root_that_is_a_file_is_a_failure_of_the_disk()
    {
        File.WriteAllText(_root["file"], "");
        CdcException failure = Assert.Throws<CdcException>(() => DirectoryStateStore.Open(_root["file"], "shop"));
        Assert.Equal(FailureKind.DiskFailed, failure.Kind);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task A_full_disk_is_a_failure_and_what_was_saved_stays()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        await using (DirectoryStateStore store = Open())
        {
            await store.SaveAsync(Records.State(1), None);
            File.CreateSymbolicLink(Path.Combine(store.DirectoryPath, "state.json.new"), "/dev/full");
            CdcException failure =
                await Assert.ThrowsAsync<CdcException>(() => store.SaveAsync(Records.State(2), None).AsTask());
            Assert.Equal(FailureKind.DiskFailed, failure.Kind);
            Assert.Contains("full", failure.Message);
            File.Delete(Path.Combine(store.DirectoryPath, "state.json.new"));
            Assert.Equal(PersistOutcome.Persisted, await store.SaveAsync(Records.State(2), None));
        }
        await using DirectoryStateStore again = Open();
        Records.AssertEqual(Records.State(2), await again.LoadAsync(None));
    }

    [Fact]
    public async Task Schemas_of_a_first_start_that_never_saved_are_forgotten()
    {
        await using (DirectoryStateStore store = Open()) await store.AppendSchemasAsync([Records.Schema(1)], None);
        await using (DirectoryStateStore store = Open())
        {
            Assert.Empty(await store.LoadSchemasAsync(None));
            await store.AppendSchemasAsync([Records.Schema(2)], None);
            await store.SaveAsync(Records.State(1), None);
        }
        await using DirectoryStateStore again = Open();
        Assert.Equal([Records.Schema(2)], await again.LoadSchemasAsync(None));
    }

    [Fact]
    public async Task The_memory_store_keeps_the_same_rules()
    {
        await using MemoryStateStore store = new();
        Assert.Null(await store.LoadAsync(None));
        Assert.Equal(PersistOutcome.Refused, await store.SaveAsync(Records.State(2), None));
        Assert.Equal(PersistOutcome.Persisted, await store.SaveAsync(Records.State(1), None));
        Records.AssertEqual(Records.State(1), await store.LoadAsync(None));
        await store.AppendSchemasAsync([Records.Schema(1)], None);
        await store.AppendSchemasAsync([Records.Schema(1), Records.Schema(2)], None);
        IReadOnlyList<TableSchema> schemas = await store.LoadSchemasAsync(None);
        Assert.Equal([Records.Schema(1), Records.Schema(2)], schemas);
    }

    DirectoryStateStore Open() => DirectoryStateStore.Open(_root.Path, Records.Name);
}
