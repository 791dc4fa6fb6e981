using System.Collections.Immutable;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Ddl;

/// <summary>One statement that changed schemas, carried by its effect: what the catalogs said after it.</summary>
/// <param name="Tag">The server's name of the command: <c>ALTER TABLE</c>.</param>
/// <param name="Changes">What it did to what is captured, in an order in which it can be repeated. At least
/// one.</param>
public sealed record DdlEvent(BlockEvent Block, CommitStamp Stamp, string Tag, ImmutableArray<SchemaChange> Changes)
    : BlockChange(Block, Stamp)
{
    /// <summary>What is left of tables that are dropped is not among them.</summary>
    public override ImmutableArray<TableSchema> Concerned =>
        [.. Changes.Select(static change => change.Table).OfType<TableSchema>()];

    /// <summary>The versions that begin with it: of tables made or altered, and the ends of those that are gone or
    /// left.</summary>
    public ImmutableArray<TableSchema> Versions => [.. Changes.Select(change => change switch
    {
        SchemaChange.TableDropped dropped => dropped.Before with { Since = Stamp.Ts, IsDropped = true },
        SchemaChange.TableLeft left => left.Before with { Since = Stamp.Ts, IsDropped = true },
        _ => change.Table,
    }).OfType<TableSchema>()];

    /// <summary>The statement as the user wrote it: one, with this tag. Null if it is not certain: it stood in
    /// a function whose text the server does not tell, or in a string with others that it could have been.</summary>
    public string? Sql { get; init; }

    /// <summary>Under which search_path names in <see cref="Sql"/> are read.</summary>
    public string SearchPath { get; init; } = "";
}
