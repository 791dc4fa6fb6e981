using System.Buffers;
using System.Text;
using Cdc.Embedded.State;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.State;

namespace Cdc.Embedded.Tests.State;

public sealed class StateDamageTests : IDisposable
{
    static readonly CancellationToken None = CancellationToken.None;
    readonly TestDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task A_record_cut_at_any_byte_is_a_failure_with_the_way_out()
    {
        (byte[] record, _) = await SavedAsync();
        for (int length = 0; length < record.Length; length++)
        {
            CdcException failure = await RefusedAsync(record[..length]);
            Assert.Contains("state.json is cut short or was edited", failure.Message);
            Assert.Contains("cdc drop", failure.Fix);
        }
    }

    [Fact]
    public async Task A_record_edited_in_any_byte_is_a_failure()
    {
        (byte[] record, _) = await SavedAsync();
        for (int i = 0; i < record.Length; i++)
        {
            byte kept = record[i];
            foreach (int bits in (int[])[0x01, 0x10, 0x80])
            {
                record[i] ^= (byte)bits;
                await RefusedAsync(record);
                record[i] = kept;
            }
        }
        await RefusedAsync([.. record, (byte)'\n']);
    }

    [Fact]
    public async Task A_newer_format_is_refused_by_name()
    {
        (byte[] record, _) = await SavedAsync();
        string newer = Encoding.UTF8.GetString(record).Replace("\"format\": 1", "\"format\": 2");
        CdcException failure = await RefusedAsync(Encoding.UTF8.GetBytes(newer));
        Assert.Contains("written by a newer cdc", failure.Message);
    }

    [Fact]
    public async Task A_record_of_another_changefeed_is_refused()
    {
        await SavedAsync();
        Directory.Move(_root[Records.Name], _root["other"]);
        await using DirectoryStateStore store = DirectoryStateStore.Open(_root.Path, "other");
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => store.LoadAsync(None).AsTask());
        Assert.Equal(FailureKind.StateUnusable, failure.Kind);
        Assert.Contains(Records.Name, failure.Message);
    }

    [Fact]
    public async Task Schemas_cut_or_edited_where_the_record_counts_them_are_a_failure()
    {
        (_, byte[] lines) = await SavedAsync();
        for (int i = 0; i < lines.Length; i++)
        {
            await RefusedSchemasAsync(lines[..i]);
            byte kept = lines[i];
            lines[i] ^= 0x01;
            await RefusedSchemasAsync(lines);
            lines[i] = kept;
        }
    }

    [Fact]
    public async Task A_line_torn_behind_those_that_the_record_counts_is_dropped_and_overwritten()
    {
        (_, byte[] lines) = await SavedAsync();
        byte[] more = [.. lines[..(Array.IndexOf(lines, (byte)'\n') + 1)]];
        foreach (byte[] torn in (byte[][])[more[..^1], more[..10], new byte[100], [.. new byte[20], (byte)'\n']])
        {
            Assert.Equal([1L, 2], await OverwritesAsync([.. lines, .. torn]));
        }
    }

    [Fact]
    public async Task An_append_of_several_lines_torn_at_any_byte_is_dropped_and_overwritten()
    {
        (_, byte[] lines) = await SavedAsync();
        ArrayBufferWriter<byte> written = new();
        for (int id = 3; id <= 5; id++) SchemaLines.Write(Records.Schema(id), written);
        byte[] more = written.WrittenSpan.ToArray();
        for (int cut = 0; cut <= more.Length; cut++)
        {
            // The rest never came, or its blocks hold nothing: those behind the cut, or those before it.
            (byte[] before, byte[] behind) = (more[..cut], more[cut..]);
            await OverwritesAsync([.. lines, .. before]);
            await OverwritesAsync([.. lines, .. before, .. new byte[behind.Length]]);
            await OverwritesAsync([.. lines, .. new byte[before.Length], .. behind]);
        }
    }

    [Fact]
    public async Task Damage_before_the_last_line_names_file_and_line()
    {
        (_, byte[] lines) = await SavedAsync();
        lines[40] ^= 1;
        CdcException failure = await RefusedSchemasAsync([.. lines, .. lines]);
        Assert.Contains("schemas.ndjson, line 1", failure.Message);
    }

    [Fact]
    public async Task A_crash_at_any_step_leaves_the_record_before_or_after()
    {
        List<string> outcomes = [];
        for (int crash = 1; ; crash++)
        {
            using TestDirectory root = new();
            CrashingFiles files = new();
            await using (DirectoryStateStore store = DirectoryStateStore.Open(root.Path, Records.Name, files))
            {
                await store.AppendSchemasAsync([Records.Schema(1)], None);
                await store.SaveAsync(Records.State(1), None);
                files.CrashAt(crash);
                outcomes.Add(await TryAsync(store));
            }
            await using DirectoryStateStore after = DirectoryStateStore.Open(root.Path, Records.Name);
            long revision = (await after.LoadAsync(None))!.Revision;
            int schemas = (await after.LoadSchemasAsync(None)).Count;
            if (outcomes[^1] == "Persisted") Assert.Equal((2L, 2), (revision, schemas));
            else Assert.InRange(revision, 1, 2);
            Assert.True(schemas >= revision, "a record is never durable before the schemas it counts");
            if (!files.Crashed) break;
        }
        // Append, write, rename, flush the directory; each before it happens, and half of those that have halves.
        Assert.Equal(["DiskFailed", "DiskFailed", "DiskFailed", "DiskFailed", "Unknown", "Unknown", "Persisted"],
            outcomes);
    }

    [Fact]
    public async Task After_an_unknown_outcome_nothing_is_saved_any_more()
    {
        CrashingFiles files = new();
        await using DirectoryStateStore store = DirectoryStateStore.Open(_root.Path, Records.Name, files);
        files.CrashAt(3);
        Assert.Equal(PersistOutcome.Unknown, await store.SaveAsync(Records.State(1), None));
        Assert.Equal(PersistOutcome.Unknown, await store.SaveAsync(Records.State(1), None));
    }

    /// <summary>Appends a version behind what the file holds; the answer names those that were believed before.</summary>
    async Task<IReadOnlyList<long>> OverwritesAsync(byte[] lines)
    {
        await File.WriteAllBytesAsync(SchemasPath, lines, None);
        IReadOnlyList<TableSchema> before;
        await using (DirectoryStateStore store = Open())
        {
            before = await store.LoadSchemasAsync(None);
            Assert.Equal(before, DirectoryStateStore.ReadSchemas(_root.Path, Records.Name));
            await store.AppendSchemasAsync([Records.Schema(9)], None);
        }
        Assert.Equal(before, new[] { 1, 2, 3, 4, 5 }.Take(before.Count).Select(static id => Records.Schema(id)));
        Assert.True(before.Count >= 2, "what the record counts is there");
        await using DirectoryStateStore again = Open();
        Assert.Equal([.. before, Records.Schema(9)], await again.LoadSchemasAsync(None));
        return [.. before.Select(static schema => schema.Id.Value)];
    }

    static async Task<string> TryAsync(DirectoryStateStore store)
    {
        try
        {
            await store.AppendSchemasAsync([Records.Schema(2)], None);
            return $"{await store.SaveAsync(Records.State(2), None)}";
        }
        catch (CdcException failure)
        {
            return $"{failure.Kind}";
        }
    }

    string StatePath => Path.Combine(_root[Records.Name], "state.json");
    string SchemasPath => Path.Combine(_root[Records.Name], "schemas.ndjson");

    DirectoryStateStore Open() => DirectoryStateStore.Open(_root.Path, Records.Name);

    async Task<(byte[] Record, byte[] Schemas)> SavedAsync()
    {
        await using DirectoryStateStore store = Open();
        await store.AppendSchemasAsync([Records.Schema(1), Records.Schema(2)], None);
        Assert.Equal(PersistOutcome.Persisted, await store.SaveAsync(Records.State(1), None));
        return (await File.ReadAllBytesAsync(StatePath), await File.ReadAllBytesAsync(SchemasPath));
    }

    async Task<CdcException> RefusedAsync(byte[] record)
    {
        await File.WriteAllBytesAsync(StatePath, record);
        await using DirectoryStateStore store = Open();
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => store.LoadAsync(None).AsTask());
        Assert.Equal(FailureKind.StateUnusable, failure.Kind);
        return failure;
    }

    async Task<CdcException> RefusedSchemasAsync(byte[] lines)
    {
        await File.WriteAllBytesAsync(SchemasPath, lines);
        await using DirectoryStateStore store = Open();
        CdcException failure = await Assert.ThrowsAsync<CdcException>(() => store.LoadSchemasAsync(None).AsTask());
        Assert.Equal(FailureKind.StateUnusable, failure.Kind);
        Assert.Contains("schemas.ndjson", failure.Message);
        return failure;
    }
}
