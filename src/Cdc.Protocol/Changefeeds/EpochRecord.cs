using System.Collections.Immutable;

namespace Cdc.Protocol.Changefeeds;

/// <summary>The latest epoch, and which activation of a maintainer it belongs to.</summary>
/// <param name="Latest">Greater than every one that anybody has, or equal.</param>
/// <param name="Holder">The activation that has it; empty: nobody, so that nobody is believed.</param>
/// <param name="MayBeOpen">Whether a manager may have something of the changefeed.</param>
/// <param name="Former">The last activations that had an epoch: what they say again is late.</param>
public sealed record EpochRecord(Epoch Latest, Guid Holder, bool MayBeOpen, ImmutableArray<Guid> Former)
{
    const int FormerMax = 8;

    internal static readonly EpochRecord None = new(Epoch.None, Guid.Empty, false, []);

    public bool IsHeld => Holder != Guid.Empty;

    internal EpochRecord Grant(Guid instance) => new(Latest.Next, instance, true, Past());

    /// <summary>Takes the epoch from whoever has it: all that it still says is late.</summary>
    internal EpochRecord SetAside() => IsHeld ? new(Latest.Next, Guid.Empty, MayBeOpen, Past()) : this;

    internal EpochRecord Closed() => SetAside() with { MayBeOpen = false };

    ImmutableArray<Guid> Past() =>
        !IsHeld ? Former : Former.Length < FormerMax ? Former.Add(Holder) : Former.RemoveAt(0).Add(Holder);
}
