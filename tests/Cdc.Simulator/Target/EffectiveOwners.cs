using Cdc.Protocol;
using Cdc.Simulator.Cluster;

namespace Cdc.Simulator.Target;

/// <summary>Who has which span of the target, whether or not the target itself knows: of those that have claimed, and
/// have not let it go, each whose span no larger owner has claimed a part of since.</summary>
public sealed class EffectiveOwners
{
    readonly Dictionary<TableId, List<Claim>> _tables = [];
    readonly HashSet<Owner> _letGo = [];

    sealed record Claim(TableSpan Span, Owner Owner, SimNode Node)
    {
        public override string ToString() => $"{Owner} {Span} on {Node}";
    }

    /// <summary>An owner has claimed. One that comes behind a larger one, where nobody refuses it, has nothing.
    /// </summary>
    public void Claimed(TableSpan span, Owner owner, SimNode node)
    {
        if (!_tables.TryGetValue(span.Table, out List<Claim>? claims)) _tables.Add(span.Table, claims = []);
        if (claims.Exists(claim => claim.Span.Overlaps(span) && claim.Owner > owner)) return;
        claims.RemoveAll(claim => claim.Span.Overlaps(span));
        claims.Add(new(span, owner, node));
    }

    /// <summary>An owner will not write any more, whatever its claim does that is still on its way.</summary>
    public void LetGo(Owner owner) => _letGo.Add(owner);

    /// <summary>Whoever had a part of a table has to claim again.</summary>
    public void Forget(TableId table) => _tables.Remove(table);

    /// <summary>Whether nobody has only a part of a table. What claimed last may be gone, by itself or with its node, or
    /// be a leftover of a former maintainer that the latest does not see: an incarnation of the whole table from before may then be
    /// taken over, for a refusal is not known before it writes.</summary>
    /// <param name="epoch">That of whoever relies on it.</param>
    public bool IsOne(TableId table, Epoch epoch) =>
        _tables.TryGetValue(table, out List<Claim>? claims)
        && claims.TrueForAll(claim => claim.Span.IsWhole || _letGo.Contains(claim.Owner)
            || !claim.Node.IsAlive || claim.Node.Obeys() < epoch);

    /// <summary>Those of a table, for people.</summary>
    public string Of(TableId table) => string.Join(", ", _tables.GetValueOrDefault(table) ?? []);
}
