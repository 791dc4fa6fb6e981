using System.Buffers;
using Cdc.Engine.Ddl;
using Cdc.Engine.Rows;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Codecs;

/// <summary>Turns changes into the bytes of one format. Knows nothing of files, brokers or when to flush.</summary>
/// <remarks>
/// Repeats: equal input gives equal bytes, whichever encoder writes it and in whichever batches it comes.
/// Order: lines come in the order of the rows. Every line or message is whole when a call returns.
/// Concurrency: an encoder holds scratch memory and serves one thread at a time; writers that encode in parallel make
/// one each. Errors: none; a value that is not what its type says is written as text. The caller keeps the batch.
/// </remarks>
public interface IRowEncoder
{
    /// <summary>The ending of files in this format, with its dot: <c>.ndjson</c>.</summary>
    string FileExtension { get; }

    /// <summary>Writes every row of the batch; returns how many lines that were.</summary>
    int Encode(RowBatch batch, IBufferWriter<byte> output);

    /// <summary>Writes a TRUNCATE, one line per table; returns how many lines that were.</summary>
    int Encode(TruncateEvent truncate, IBufferWriter<byte> output);

    /// <summary>Writes a DDL, one line per change; returns how many lines that were.</summary>
    int Encode(DdlEvent ddl, IBufferWriter<byte> output);

    /// <summary>Writes a block event of either kind.</summary>
    int Encode(BlockChange change, IBufferWriter<byte> output) => change switch
    {
        TruncateEvent truncate => Encode(truncate, output),
        DdlEvent ddl => Encode(ddl, output),
        _ => throw new InvariantBrokenException("A block event is a TRUNCATE or a DDL."),
    };

    /// <summary>Writes that everything up to <paramref name="at"/> is in the output; returns 0 if the format has no
    /// such line.</summary>
    int EncodeCheckpoint(CommitTs at, IBufferWriter<byte> output);
}
