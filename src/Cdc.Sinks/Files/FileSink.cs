using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>Writes all tables, in commit order, into files of one directory, every change once.</summary>
/// <remarks>
/// What the index does not name does not exist: a data file is made durable first, then one entry names it. A claim
/// begins with an entry that takes the number an earlier owner would use next, and deletes what no entry names.
/// Enqueued: the rows are encoded and in order. Flushed: an entry names them. Every entry ends at a resolved position.
/// </remarks>
public sealed class FileSink : ISink
{
    const long RoomMin = 256 << 20;

    readonly FileSinkOptions _options;
    readonly IFileStore _store;
    FileParts? _parts;
    FilePipeline? _pipeline;
    StreamStage? _stage;

    public FileSink(FileSinkOptions options)
        : this(options, new LocalFileStore(options.Directory))
    {
    }

    internal FileSink(FileSinkOptions options, IFileStore store) => (_options, _store) = (options, store);

    public async ValueTask<IReadOnlyList<Problem>> InspectAsync(CancellationToken cancellationToken)
    {
        List<Problem> problems = [];
        try
        {
            await _store.ProbeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (DiskFailure.Is(e))
        {
            problems.Add(new(FailureKind.SinkUnfit, $"Files can't be made in {_store.Place}: {e.Message}",
                "Name another directory, or give this user the right to write there."));
            return problems;
        }
        try
        {
            if (await DirectoryHeader.LoadAsync(_store, cancellationToken).ConfigureAwait(false) is not null)
                _ = await FileIndex.LoadAsync(_store, _options, cancellationToken).ConfigureAwait(false);
        }
        catch (CdcException e)
        {
            problems.Add(new(e.Kind, e.Message, e.Fix));
        }
        catch (Exception e) when (DiskFailure.Is(e))
        {
            problems.Add(new(FailureKind.SinkUnfit, $"{_store.Place} can't be read: {e.Message}",
                "Name another directory, or give this user the right to read it."));
        }
        if (_store.FreeBytes is { } free && free < RoomMin)
        {
            problems.Add(new(FailureKind.DiskFailed, $"Only {free >> 20} MiB are free in {_store.Place}.",
                "Make room, or name a directory on another disk.", IsWarning: true));
        }
        return problems;
    }

    public async ValueTask<SinkProgress?> ProgressAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await DirectoryHeader.LoadAsync(_store, cancellationToken).ConfigureAwait(false) is not { } header)
                return null;
            FileIndex index = await FileIndex.LoadAsync(_store, _options, cancellationToken).ConfigureAwait(false);
            SchemaFiles schemas = new(_store, _options.Schemas);
            return Progress(header.Changefeed, header.Source, index,
                await schemas.LoadAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (DiskFailure.Is(e))
        {
            throw DiskFailure.From(e, _store.Place, _store.FreeBytes);
        }
    }

    public async ValueTask<SinkProgress?> ClaimAsync(SinkClaim claim, CancellationToken cancellationToken)
    {
        Check.That(_parts is null);
        try
        {
            string extension = _options.Encoder().FileExtension;
            await DirectoryHeader.EnsureAsync(_store, claim, extension, cancellationToken).ConfigureAwait(false);
            FileIndex index = await FileIndex.LoadAsync(_store, _options, cancellationToken).ConfigureAwait(false);
            SchemaFiles schemas = new(_store, _options.Schemas);
            IReadOnlyList<TableSchema> versions = await schemas.LoadAsync(cancellationToken).ConfigureAwait(false);
            await index.SealAsync(claim.Owner, cancellationToken).ConfigureAwait(false);
            await index.CleanAsync(cancellationToken).ConfigureAwait(false);
            _parts = new(_store, _options, index, schemas);
            _pipeline = new(_parts);
            _stage = new(_parts, _pipeline);
            return Progress(claim.Changefeed, claim.Source, index, versions);
        }
        catch (Exception e) when (DiskFailure.Is(e))
        {
            throw DiskFailure.From(e, _store.Place, _store.FreeBytes);
        }
    }

    public ValueTask<ITableCopy> CopyAsync(TableSchema table, CommitTs at, CancellationToken cancellationToken)
    {
        Check.That(_parts is not null);
        _parts.Fault.ThrowIfSet();
        return new(new TableFileCopy(_parts, table, at));
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<RowBatch> batches, CancellationToken cancellationToken)
    {
        Check.That(_parts is not null);
        Check.That(_stage is not null);
        for (int i = 0; i < batches.Length; i++)
        {
            _parts.Fault.ThrowIfSet();
            cancellationToken.ThrowIfCancellationRequested();
            await _stage.AddAsync(batches.Span[i], cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask ResolveAsync(CommitStamp resolved, CancellationToken cancellationToken)
    {
        Check.That(_parts is not null);
        Check.That(_stage is not null);
        _parts.Fault.ThrowIfSet();
        _stage.Resolve(resolved.Ts);
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        Check.That(_parts is not null);
        Check.That(_pipeline is not null);
        _parts.Fault.ThrowIfSet();
        return _pipeline.FlushAsync(needsEntry: false, cancellationToken);
    }

    public async ValueTask<BlockOutcome> ExecuteAsync(BlockChange change, CancellationToken cancellationToken)
    {
        Check.That(_parts is not null);
        Check.That(_stage is not null);
        Check.That(_pipeline is not null);
        _parts.Fault.ThrowIfSet();
        if (_parts.Index.Position >= change.Stamp.Ts) return BlockOutcome.AlreadyRecorded;
        _stage.Add(change);
        _stage.Resolve(change.Stamp.Ts);
        await _pipeline.FlushAsync(needsEntry: true, cancellationToken).ConfigureAwait(false);
        return BlockOutcome.Written;
    }

    public async ValueTask DisposeAsync()
    {
        if (_pipeline is not null) await _pipeline.DisposeAsync().ConfigureAwait(false);
        _stage?.Dispose();
    }

    static SinkProgress Progress(
        string changefeed, SourceIdentity source, FileIndex index, IReadOnlyList<TableSchema> schemas) => new()
    {
        Source = source,
        Changefeed = changefeed,
        Owner = index.Owner,
        Position = index.Position,
        Copied = index.Copied,
        Schemas = schemas,
    };
}
