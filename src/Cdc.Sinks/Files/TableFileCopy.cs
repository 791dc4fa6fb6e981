using System.Collections.Concurrent;
using System.Collections.Immutable;
using Cdc.Engine;
using Cdc.Engine.Codecs;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>Writes each part of a table into files of its own; one index entry makes all of them exist.</summary>
internal sealed class TableFileCopy(FileParts files, TableSchema table, CommitTs at) : ITableCopy
{
    readonly FileParts _files = files;
    readonly TableSchema _table = table;
    readonly ConcurrentDictionary<int, Part> _parts = new();
    bool _isComplete;

    public async ValueTask WriteAsync(int part, RowBatch batch, CancellationToken cancellationToken)
    {
        _files.Fault.ThrowIfSet();
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await _parts.GetOrAdd(part, static (_, copy) => new Part(copy), this)
                .WriteAsync(batch).ConfigureAwait(false);
        }
        catch (Exception e) when (DiskFailure.Is(e) || e is CdcException)
        {
            // A file may hold a part of a batch now.
            await _files.FailAsync(e).ConfigureAwait(false);
            _files.Fault.ThrowIfSet();
        }
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        _files.Fault.ThrowIfSet();
        try
        {
            foreach (Part part in _parts.Values) part.Close();
            ImmutableArray<NamedFile>.Builder named = ImmutableArray.CreateBuilder<NamedFile>();
            foreach (Part part in _parts.Values)
            {
                foreach (ClosedFile closed in part.Closed) named.Add(await closed.Completion.ConfigureAwait(false));
            }
            named.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
            _files.Schemas.Note(_table);
            await _files.Schemas.SaveAsync(cancellationToken).ConfigureAwait(false);
            _files.Options.Milestones.Reached(Milestone.DataFileDurable);
            // Not to be cancelled: whether the entry was made decides whether the files may be deleted.
            _isComplete = true;
            CopiedTable copied = new(_table.Id, _table.Name, at);
            await _files.Index.AppendSnapshotAsync(copied, named.ToImmutable(), CancellationToken.None)
                .ConfigureAwait(false);
            _files.Options.Milestones.Reached(Milestone.IndexEntryDurable);
        }
        catch (Exception e) when (DiskFailure.Is(e) || e is CdcException)
        {
            // A file may hold a part of a batch now.
            await _files.FailAsync(e).ConfigureAwait(false);
            _files.Fault.ThrowIfSet();
        }
        foreach (Part part in _parts.Values) part.Acknowledge();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Part part in _parts.Values) await part.DropAsync(deleteCompleted: !_isComplete).ConfigureAwait(false);
        _parts.Clear();
    }

    /// <summary>One part: its encoder, its open file, and the files it has filled. One call at a time.</summary>
    sealed class Part(TableFileCopy copy)
    {
        readonly FileParts _parts = copy._files;
        readonly IRowEncoder _encoder = copy._files.Options.Encoder();
        readonly PooledBuffer _bytes = new((int)Limits.RowBlockBytes);
        DataFile? _file;

        public List<ClosedFile> Closed { get; } = [];

        public async ValueTask WriteAsync(RowBatch batch)
        {
            _bytes.Clear();
            int lines = _encoder.Encode(batch, _bytes);
            (CommitTs first, CommitTs last, Acknowledgement acknowledgement) =
                (batch.FirstTs, batch.LastTs, batch.Acknowledgement);
            batch.Release();
            _file ??= await _parts.OpenAsync(first, copy._table.Name, CancellationToken.None).ConfigureAwait(false);
            await _file.WriteAsync(_bytes, lines, last, CancellationToken.None).ConfigureAwait(false);
            _file.Acknowledgements.Add(acknowledgement);
            acknowledgement.Enqueued();
            if (_file.Bytes >= _parts.Options.RotateBytes) Close();
        }

        public void Close()
        {
            if (_file is not { } file) return;
            _file = null;
            Closed.Add(new(file, Task.Run(() => file.CompleteAsync(CancellationToken.None).AsTask())));
        }

        public void Acknowledge()
        {
            foreach (ClosedFile closed in Closed)
            {
                foreach (Acknowledgement acknowledgement in closed.File.Acknowledgements) acknowledgement.Flushed();
            }
        }

        public async ValueTask DropAsync(bool deleteCompleted)
        {
            _bytes.Dispose();
            foreach (ClosedFile closed in Closed)
            {
                await FileNamer.DropAsync(closed).ConfigureAwait(false);
                if (deleteCompleted) await DeleteAsync(closed).ConfigureAwait(false);
            }
            if (_file is not null) await FileNamer.DropAsync(_file).ConfigureAwait(false);
        }

        async ValueTask DeleteAsync(ClosedFile closed)
        {
            try
            {
                await _parts.Store.DeleteAsync(closed.File.Name, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (DiskFailure.Is(e))
            {
                // The next claim removes it.
            }
        }
    }
}
