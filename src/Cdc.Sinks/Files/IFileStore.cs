namespace Cdc.Sinks.Files;

/// <summary>Where the files of a sink live: a directory, later a bucket. Names are relative, with <c>/</c>.</summary>
/// <remarks>
/// Durability: a call that completed survives a crash of the machine, but for <see cref="DeleteAsync"/>. One that
/// failed may have happened. Concurrency: any number of calls, on different names. Errors:
/// <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>, which the caller classifies.
/// </remarks>
internal interface IFileStore
{
    /// <summary>What to call the place in a sentence.</summary>
    string Place { get; }

    /// <summary>Bytes that still fit, or null if nobody knows.</summary>
    long? FreeBytes { get; }

    /// <summary>Makes the folders that the sink uses. Nothing happens if they are there.</summary>
    ValueTask PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Fails if files, or the place itself where it is missing, can't be made. Leaves nothing.</summary>
    ValueTask ProbeAsync(CancellationToken cancellationToken);

    /// <summary>Names directly in a folder (<c>""</c>: the root), in no order; none if it does not exist.</summary>
    ValueTask<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken);

    /// <summary>The whole content, or null if there is no such file.</summary>
    ValueTask<byte[]?> ReadAsync(string name, CancellationToken cancellationToken);

    /// <summary>Begins a file that appears under its name when it is complete.</summary>
    ValueTask<IDataWriter> CreateAsync(string name, CancellationToken cancellationToken);

    /// <summary>Makes a file, whole or not at all; false, and nothing changed, if the name is taken.</summary>
    ValueTask<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Makes or replaces a file, whole or not at all.</summary>
    ValueTask PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Removes a file; one that is not there is no error.</summary>
    ValueTask DeleteAsync(string name, CancellationToken cancellationToken);
}

/// <summary>One file under way. One call at a time. Disposing without completing removes it.</summary>
internal interface IDataWriter : IAsyncDisposable
{
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Makes all bytes durable, then the name. A name that is taken is an <see cref="IOException"/>.</summary>
    ValueTask CompleteAsync(CancellationToken cancellationToken);
}
