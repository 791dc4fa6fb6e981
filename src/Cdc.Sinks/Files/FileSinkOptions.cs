using System.Buffers;
using Cdc.Engine;
using Cdc.Engine.Codecs;
using Cdc.Engine.Schemas;

namespace Cdc.Sinks.Files;

/// <summary>How a file sink writes.</summary>
public sealed record FileSinkOptions
{
    public required string Directory { get; init; }

    /// <summary>Makes encoders of the format; called once per thread that encodes.</summary>
    public required Func<IRowEncoder> Encoder { get; init; }

    /// <summary>The form in which schema versions are kept beside the index.</summary>
    public SchemaFormat Schemas { get; init; } = SchemaFormat.Json;

    public bool Gzip { get; init; }

    /// <summary>Bytes on disk at which a file is closed; it may end a little above.</summary>
    public long RotateBytes { get; init; } = 64 << 20;

    /// <summary>Longest time that a row waits in a file, beyond the next resolved position.</summary>
    public TimeSpan RotateInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes between accepting a batch and handing it to the operating system.</summary>
    public long BytesInFlight { get; init; } = Limits.SinkBytesInFlight;

    /// <summary>Entries that a start reads even where fewer would do, to find everything left over.</summary>
    internal int IndexReadMin { get; init; } = 1000;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public IMilestones Milestones { get; init; } = NoMilestones.Instance;
}

/// <summary>Turns a schema version into bytes and back. Read gets the file's name for its message.</summary>
public sealed record SchemaFormat(Func<TableSchema, byte[]> Write, Func<string, byte[], TableSchema> Read)
{
    /// <summary>One line of JSON, as in the state directory.</summary>
    public static SchemaFormat Json { get; } = new(WriteLine, static (file, line) => SchemaJson.Read(line, file));

    static byte[] WriteLine(TableSchema version)
    {
        ArrayBufferWriter<byte> line = new();
        SchemaJson.Write(version, line);
        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }
}
