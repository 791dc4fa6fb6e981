using System.Threading.Channels;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>Takes encoded rows in order and writes them on its own thread: encoding and the disk overlap.</summary>
/// <remarks>Posting never waits; whoever posts bounds the bytes on their way by <see cref="Gate"/>.</remarks>
internal sealed class FilePipeline : IAsyncDisposable
{
    readonly FileParts _parts;
    readonly FileNamer _namer;
    readonly StreamFiles _files;
    readonly Channel<Command> _commands = Channel.CreateUnbounded<Command>(new() { SingleReader = true });
    readonly Task _loop;

    public FilePipeline(FileParts parts)
    {
        _parts = parts;
        Gate = new(parts.Options.BytesInFlight);
        _namer = new(parts);
        _files = new(parts, _namer, () => Post(new(CommandKind.Due)));
        _loop = Task.Run(LoopAsync);
    }

    enum CommandKind
    {
        Write,
        Spill,
        Cut,
        Resolve,
        Due,
        Flush,
        Record,
    }

    public ByteGate Gate { get; }

    /// <summary>Rows up to a position whose <see cref="Resolve"/> is posted next.</summary>
    public void Write(EncodedChunk chunk) => Post(new(CommandKind.Write, chunk));

    /// <summary>Rows that must leave memory before their position is resolved.</summary>
    public void Spill(EncodedChunk chunk) => Post(new(CommandKind.Spill, chunk));

    /// <summary>What is posted next begins a file.</summary>
    public void Cut() => Post(new(CommandKind.Cut));

    public void Resolve(CommitTs at) => Post(new(CommandKind.Resolve, At: at));

    /// <summary>Completes when everything resolved is durable, and an entry says so if one is needed.</summary>
    public async ValueTask FlushAsync(bool needsEntry, CancellationToken cancellationToken)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(new(needsEntry ? CommandKind.Record : CommandKind.Flush, Done: done));
        await _parts.Fault.WaitAsync(done.Task, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Drops what was not flushed.</summary>
    public async ValueTask DisposeAsync()
    {
        _parts.Fault.Set(new ObjectDisposedException(nameof(FileSink)));
        _commands.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        await _namer.DisposeAsync().ConfigureAwait(false);
        await _files.DisposeAsync().ConfigureAwait(false);
    }

    void Post(Command command)
    {
        if (!_commands.Writer.TryWrite(command)) command.Chunk?.Bytes.Dispose();
    }

    async Task LoopAsync()
    {
        await foreach (Command command in _commands.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                if (!_parts.Fault.IsSet) await DoAsync(command).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                await _parts.FailAsync(e).ConfigureAwait(false);
            }
            if (command.Chunk is not { } chunk) continue;
            int length = chunk.Bytes.Length;
            chunk.Bytes.Dispose();
            Gate.Leave(length);
        }
    }

    ValueTask DoAsync(Command command) => command.Kind switch
    {
        CommandKind.Write => _files.WriteAsync(command.Chunk!, isSpilled: false),
        CommandKind.Spill => _files.WriteAsync(command.Chunk!, isSpilled: true),
        CommandKind.Cut => _files.CutAsync(),
        CommandKind.Resolve => _files.ResolveAsync(command.At),
        CommandKind.Due => _files.DueAsync(),
        CommandKind.Flush => _files.FlushAsync(needsEntry: false, command.Done!),
        CommandKind.Record => _files.FlushAsync(needsEntry: true, command.Done!),
    };

    readonly record struct Command(
        CommandKind Kind, EncodedChunk? Chunk = null, CommitTs At = default, TaskCompletionSource? Done = null);
}
