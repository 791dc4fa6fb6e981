using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>What the parts of one claimed sink share.</summary>
internal sealed class FileParts(IFileStore store, FileSinkOptions options, FileIndex index, SchemaFiles schemas)
{
    readonly string _extension = options.Encoder().FileExtension + (options.Gzip ? ".gz" : "");
    long _number;

    public IFileStore Store => store;
    public FileSinkOptions Options => options;
    public FileIndex Index => index;
    public SchemaFiles Schemas => schemas;
    public SinkFault Fault { get; } = new();

    /// <summary>Opens the next data file: of the stream, or of a table's copy.</summary>
    public ValueTask<DataFile> OpenAsync(CommitTs first, TableName? copied, CancellationToken cancellationToken)
    {
        long number = Interlocked.Increment(ref _number);
        string? table = copied is { } name ? Layout.Readable(name) : null;
        string file = Layout.DataFile(first, index.Generation, number, table, _extension);
        return DataFile.OpenAsync(store, file, first, options.Gzip, cancellationToken);
    }

    /// <summary>Says what a failure of the store means. A new owner deletes what we have not named yet, so a fence may
    /// first show as a file that is gone.</summary>
    public async ValueTask<Exception> ClassifyAsync(Exception exception)
    {
        if (!DiskFailure.Is(exception)) return exception;
        try
        {
            if (await index.FindFenceAsync().ConfigureAwait(false) is { } fence) return fence;
        }
        catch (Exception second) when (DiskFailure.Is(second) || second is CdcException)
        {
            // The first failure says more.
        }
        return DiskFailure.From(exception, store.Place, store.FreeBytes);
    }

    /// <summary>Keeps a failure, so that every later call throws it.</summary>
    public async ValueTask FailAsync(Exception exception) =>
        Fault.Set(await ClassifyAsync(exception).ConfigureAwait(false));
}
