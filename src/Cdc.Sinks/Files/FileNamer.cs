using System.Collections.Immutable;
using System.Threading.Channels;
using Cdc.Engine;
using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>A data file that takes no more rows; its completion may be under way.</summary>
internal sealed record ClosedFile(DataFile File, Task<NamedFile> Completion);

/// <summary>What is to be recorded next.</summary>
/// <param name="Files">To be named by one entry, once they are durable.</param>
/// <param name="NeedsEntry">Whether an entry is made even if it names no file.</param>
/// <param name="Done">Completed when all of this is durable and acknowledged.</param>
internal sealed record NamingRequest(
    ImmutableArray<ClosedFile> Files, CommitTs Position, bool NeedsEntry, TaskCompletionSource? Done);

/// <summary>Makes index entries, in order, while the next files are written; acknowledges what they name.</summary>
internal sealed class FileNamer : IAsyncDisposable
{
    readonly FileParts _parts;
    readonly Channel<NamingRequest> _requests =
        Channel.CreateUnbounded<NamingRequest>(new() { SingleReader = true, SingleWriter = true });
    readonly Task _loop;

    public FileNamer(FileParts parts)
    {
        _parts = parts;
        _loop = Task.Run(LoopAsync);
    }

    public void Post(NamingRequest request) => _requests.Writer.TryWrite(request);

    /// <summary>Ends after the request under way.</summary>
    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
    }

    async Task LoopAsync()
    {
        await foreach (NamingRequest request in _requests.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                if (!_parts.Fault.IsSet) await NameAsync(request).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                await _parts.FailAsync(e).ConfigureAwait(false);
            }
            foreach (ClosedFile file in request.Files) await DropAsync(file).ConfigureAwait(false);
        }
    }

    async ValueTask NameAsync(NamingRequest request)
    {
        if (request.Files.IsEmpty && !request.NeedsEntry)
        {
            await _parts.Index.SaveIdleAsync(request.Position, CancellationToken.None).ConfigureAwait(false);
        }
        else
        {
            ImmutableArray<NamedFile>.Builder files = ImmutableArray.CreateBuilder<NamedFile>(request.Files.Length);
            foreach (ClosedFile closed in request.Files) files.Add(await closed.Completion.ConfigureAwait(false));
            await _parts.Schemas.SaveAsync(CancellationToken.None).ConfigureAwait(false);
            _parts.Options.Milestones.Reached(Milestone.DataFileDurable);
            await _parts.Index.AppendStreamAsync(files.DrainToImmutable(), request.Position, CancellationToken.None)
                .ConfigureAwait(false);
            _parts.Options.Milestones.Reached(Milestone.IndexEntryDurable);
            Acknowledge(request.Files);
        }
        request.Done?.TrySetResult();
    }

    static void Acknowledge(ImmutableArray<ClosedFile> files)
    {
        foreach (ClosedFile closed in files)
        {
            foreach (Acknowledgement acknowledgement in closed.File.Acknowledgements) acknowledgement.Flushed();
        }
    }

    // Completed files have nothing left to drop; one whose completion failed removes what it wrote.
    internal static async ValueTask DropAsync(ClosedFile closed)
    {
        await ((Task)closed.Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DropAsync(closed.File).ConfigureAwait(false);
    }

    internal static async ValueTask DropAsync(DataFile file)
    {
        try
        {
            await file.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (DiskFailure.Is(e))
        {
            // The next claim removes it.
        }
    }
}
