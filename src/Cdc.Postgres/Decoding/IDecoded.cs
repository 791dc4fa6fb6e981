using Cdc.Engine.Rows;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Postgres.Decoding;

/// <summary>Takes what is decoded and committed, in commit order. May block: nothing is read meanwhile.</summary>
internal interface IDecoded
{
    /// <summary>Takes over the batch.</summary>
    void Rows(RowBatch batch);

    void Block(BlockChange change);

    /// <summary>Nothing at or before <paramref name="at"/> follows, and everything of it was handed over.</summary>
    /// <param name="time">Microseconds since 1970.</param>
    void Resolved(CommitTs at, long time);
}
