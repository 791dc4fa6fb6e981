using Cdc.Protocol;

namespace Cdc.Simulator.Target;

/// <summary>Who has which span of the target, whether or not the target itself knows: of those that have claimed, each
/// whose span no larger owner has claimed a part of since.</summary>
public sealed class EffectiveOwners
{
    readonly Dictionary<TableId, List<(TableSpan Span, Owner Owner)>> _tables = [];

    /// <summary>An owner has claimed. One that comes behind a larger one, where nobody refuses it, has nothing.
    /// </summary>
    public void Claimed(TableSpan span, Owner owner)
    {
        if (!_tables.TryGetValue(span.Table, out List<(TableSpan Span, Owner Owner)>? claims))
            _tables.Add(span.Table, claims = []);
        if (claims.Exists(claim => claim.Span.Overlaps(span) && claim.Owner > owner)) return;
        claims.RemoveAll(claim => claim.Span.Overlaps(span));
        claims.Add((span, owner));
    }

    /// <summary>Whoever had a part of a table has to claim again.</summary>
    public void Forget(TableId table) => _tables.Remove(table);

    /// <summary>Whether one owner has all of a table.</summary>
    public bool IsOne(TableId table) => _tables.GetValueOrDefault(table) is [{ Span.IsWhole: true }];

    /// <summary>Those of a table, for people.</summary>
    public string Of(TableId table) => string.Join(", ", _tables.GetValueOrDefault(table) ?? []);
}
