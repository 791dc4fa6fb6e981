using System.Collections.Immutable;
using Cdc.Engine.Codecs;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>The data files of the stream: when one is begun, closed, and handed on. One thread at a time.</summary>
/// <remarks><code>
/// open --resolved and (full, or due, or something is closed)--> closed and named, in one entry
/// open --full, and its transaction is not resolved-----------> closed, waiting; the next file goes on
/// </code>
/// An open file holds either rows that are resolved, or those of one transaction that began with the file: whoever
/// writes cuts there, so that what is resolved can be named.
/// </remarks>
internal sealed class StreamFiles : IAsyncDisposable
{
    const int CompletingMax = 4;
    static readonly TimeSpan CheckpointPause = TimeSpan.FromSeconds(1);

    readonly FileParts _parts;
    readonly FileNamer _namer;
    readonly IRowEncoder _encoder;
    readonly ITimer _timer;
    readonly TimeProvider _clock;
    readonly SemaphoreSlim _completing = new(CompletingMax);
    readonly List<ClosedFile> _closed = [];
    DataFile? _file;
    CommitTs _resolved;
    CommitTs _recorded;
    CommitTs _checkpoint;
    long? _checkpointTime;
    long _recordedTime;
    long _firstRowTime;
    bool _isWaiting;
    bool _isDue;

    public StreamFiles(FileParts parts, FileNamer namer, Action due)
    {
        (_parts, _namer, _clock) = (parts, namer, parts.Options.Clock);
        (_encoder, _resolved, _recorded) = (parts.Options.Encoder(), parts.Index.Position, parts.Index.Position);
        _recordedTime = _clock.GetTimestamp();
        _timer = _clock.CreateTimer(
            static due => ((Action)due!)(), due, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Writes rows; spilled ones are not resolved yet.</summary>
    public async ValueTask WriteAsync(EncodedChunk chunk, bool isSpilled)
    {
        _file ??= await _parts.OpenAsync(chunk.First, null, CancellationToken.None).ConfigureAwait(false);
        if (!_isWaiting) StartWaiting();
        await _file.WriteAsync(chunk.Bytes, chunk.Lines, chunk.Last, CancellationToken.None).ConfigureAwait(false);
        if (chunk.Acknowledgement is { } acknowledgement) _file.Acknowledgements.Add(acknowledgement);
        bool isFull = _file.Bytes >= _parts.Options.RotateBytes;
        // What is resolved in a moment is closed then, with its transaction whole.
        if (isFull && isSpilled) await CutAsync().ConfigureAwait(false);
    }

    /// <summary>The next rows begin a file.</summary>
    public async ValueTask CutAsync()
    {
        if (_file is not { } file) return;
        _file = null;
        await _completing.WaitAsync().ConfigureAwait(false);
        _closed.Add(new(file, Task.Run(() => CompleteAsync(file))));
    }

    public async ValueTask ResolveAsync(CommitTs at)
    {
        _resolved = CommitTs.Max(_resolved, at);
        bool isFull = _file is { } file && file.Bytes >= _parts.Options.RotateBytes;
        if (isFull || _isDue || _closed.Count > 0) await NameAsync(false, null).ConfigureAwait(false);
        else await CheckpointAsync(isForced: false).ConfigureAwait(false);
        bool isIdle = _file is null && _closed.Count == 0 && _resolved > _recorded;
        isIdle &= _clock.GetElapsedTime(_recordedTime) >= _parts.Options.RotateInterval;
        if (isIdle) Record([], _resolved, false, null);
    }

    /// <summary>The timer went off.</summary>
    public async ValueTask DueAsync()
    {
        if (!_isWaiting) return;
        TimeSpan left = _parts.Options.RotateInterval - _clock.GetElapsedTime(_firstRowTime);
        if (left > TimeSpan.Zero)
        {
            _timer.Change(left, Timeout.InfiniteTimeSpan);
            return;
        }
        _isDue = true;
        await NameAsync(false, null).ConfigureAwait(false);
    }

    /// <summary>Everything resolved so far is to be durable.</summary>
    public async ValueTask FlushAsync(bool needsEntry, TaskCompletionSource done)
    {
        await CheckpointAsync(isForced: true).ConfigureAwait(false);
        await NameAsync(needsEntry, done).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        if (_file is { } file) await FileNamer.DropAsync(file).ConfigureAwait(false);
        foreach (ClosedFile closed in _closed) await FileNamer.DropAsync(closed).ConfigureAwait(false);
    }

    async ValueTask NameAsync(bool needsEntry, TaskCompletionSource? done)
    {
        if (_file is { } file && file.Last <= _resolved)
        {
            await CheckpointAsync(isForced: false).ConfigureAwait(false);
            await CutAsync().ConfigureAwait(false);
        }
        (int whole, CommitTs at) = FindWhole();
        if (whole == 0 && !needsEntry && done is null) return;
        ImmutableArray<ClosedFile> files = [.. _closed.GetRange(0, whole)];
        _closed.RemoveRange(0, whole);
        Record(files, at, needsEntry, done);
        if (whole == 0) return;
        if (_file is null && _closed.Count == 0) (_isWaiting, _isDue) = (false, false);
        else StartWaiting();
    }

    // How many closed files can be named, and up to where the stream is complete then: before the first row of the
    // first file that is not named, and never inside a position whose rows two files share.
    (int Whole, CommitTs At) FindWhole()
    {
        CommitTs at = _resolved;
        DataFile? unnamed = _file;
        for (int whole = _closed.Count; ; whole--)
        {
            if (unnamed is not null && unnamed.First <= at) at = unnamed.First.Previous;
            if (whole == 0 || _closed[whole - 1].File.Last <= at) return (whole, at);
            unnamed = _closed[whole - 1].File;
        }
    }

    void Record(ImmutableArray<ClosedFile> files, CommitTs at, bool needsEntry, TaskCompletionSource? done)
    {
        (_recorded, _recordedTime) = (at, _clock.GetTimestamp());
        _namer.Post(new(files, at, needsEntry, done));
    }

    void StartWaiting()
    {
        (_isWaiting, _isDue, _firstRowTime) = (true, false, _clock.GetTimestamp());
        _timer.Change(_parts.Options.RotateInterval, Timeout.InfiniteTimeSpan);
    }

    async ValueTask CheckpointAsync(bool isForced)
    {
        if (_file is not { } file || file.Last > _resolved || _resolved <= _checkpoint) return;
        bool isSoon = _checkpointTime is { } last && _clock.GetElapsedTime(last) < CheckpointPause;
        if (isSoon && !isForced) return;
        using PooledBuffer bytes = new(0);
        int lines = _encoder.EncodeCheckpoint(_resolved, bytes);
        (_checkpoint, _checkpointTime) = (_resolved, _clock.GetTimestamp());
        if (lines > 0) await file.WriteAsync(bytes, lines, file.Last, CancellationToken.None).ConfigureAwait(false);
    }

    async Task<NamedFile> CompleteAsync(DataFile file)
    {
        try
        {
            return await file.CompleteAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Said at once: a large transaction would go on for long before anybody asked for this file.
            await _parts.FailAsync(e).ConfigureAwait(false);
            throw;
        }
        finally
        {
            _completing.Release();
        }
    }
}
