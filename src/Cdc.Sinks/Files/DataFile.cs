using System.IO.Compression;
using Cdc.Engine.Rows;
using Cdc.Engine.Storage;
using Cdc.Protocol;

namespace Cdc.Sinks.Files;

/// <summary>One data file under way: counts, sums up and, if asked, compresses what goes into it.</summary>
internal sealed class DataFile : IAsyncDisposable
{
    const int CompressedPiece = 64 << 10;

    readonly IDataWriter _writer;
    readonly PooledBuffer? _compressed;
    readonly GZipStream? _gzip;
    Crc32C _checksum = new();

    DataFile(string name, CommitTs first, IDataWriter writer, bool gzip)
    {
        (Name, First, Last, _writer) = (name, first, first, writer);
        if (!gzip) return;
        _compressed = new(CompressedPiece);
        _gzip = new(new BufferStream(_compressed), CompressionLevel.Fastest);
    }

    public string Name { get; }
    public CommitTs First { get; }
    public CommitTs Last { get; private set; }

    /// <summary>Bytes on disk so far.</summary>
    public long Bytes { get; private set; }

    public long Lines { get; private set; }

    /// <summary>Of the batches that end in this file, in order.</summary>
    public List<Acknowledgement> Acknowledgements { get; } = [];

    public static async ValueTask<DataFile> OpenAsync(
        IFileStore store, string name, CommitTs first, bool gzip, CancellationToken cancellationToken) =>
        new(name, first, await store.CreateAsync(name, cancellationToken).ConfigureAwait(false), gzip);

    public async ValueTask WriteAsync(PooledBuffer bytes, int lines, CommitTs last, CancellationToken cancellationToken)
    {
        (Lines, Last) = (Lines + lines, last);
        if (_gzip is null)
        {
            await WriteOutAsync(bytes.Written, cancellationToken).ConfigureAwait(false);
            return;
        }
        _gzip.Write(bytes.Written.Span);
        await DrainAsync(CompressedPiece, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes the file durable under its name.</summary>
    public async ValueTask<NamedFile> CompleteAsync(CancellationToken cancellationToken)
    {
        if (_gzip is not null)
        {
            await _gzip.DisposeAsync().ConfigureAwait(false);
            await DrainAsync(1, cancellationToken).ConfigureAwait(false);
        }
        await _writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return new(Name, Bytes, Lines, First, Last, _checksum.Value);
    }

    public async ValueTask DisposeAsync()
    {
        if (_gzip is not null) await _gzip.DisposeAsync().ConfigureAwait(false);
        _compressed?.Dispose();
        await _writer.DisposeAsync().ConfigureAwait(false);
    }

    async ValueTask DrainAsync(int atLeast, CancellationToken cancellationToken)
    {
        if (_compressed!.Length < atLeast) return;
        await WriteOutAsync(_compressed.Written, cancellationToken).ConfigureAwait(false);
        _compressed.Clear();
    }

    ValueTask WriteOutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Bytes += bytes.Length;
        _checksum.Add(bytes.Span);
        return _writer.WriteAsync(bytes, cancellationToken);
    }

    /// <summary>Lets a compressor write into pooled memory.</summary>
    sealed class BufferStream(PooledBuffer buffer) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(buffer.GetSpan(bytes.Length));
            buffer.Advance(bytes.Length);
        }

        public override void Write(byte[] bytes, int offset, int count) => Write(bytes.AsSpan(offset, count));
        public override void Flush() { }
        public override int Read(byte[] bytes, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
