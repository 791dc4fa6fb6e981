using Cdc.Engine.Schemas;

namespace Cdc.Engine.Options;

/// <summary>Which tables a changefeed carries: those that a pattern of <c>--tables</c> matches and none of
/// <c>--exclude</c>.</summary>
/// <param name="Tables">Empty means every table that is not the server's own.</param>
public sealed record TableSelection(IReadOnlyList<TablePattern> Tables, IReadOnlyList<TablePattern> Exclude)
{
    public static TableSelection Everything { get; } = new([], []);

    public bool Matches(TableName name) =>
        (Tables.Count == 0 || Tables.Any(pattern => pattern.Matches(name)))
            && !IsExcluded(name);

    /// <summary>Whether a pattern of <c>--exclude</c> matches, whatever <c>--tables</c> says.</summary>
    public bool IsExcluded(TableName name) => Exclude.Any(pattern => pattern.Matches(name));
}
