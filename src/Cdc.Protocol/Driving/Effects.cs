using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Driving;

/// <summary>Collects what one decision wants done, in order.</summary>
public sealed class Effects
{
    readonly List<Effect> _items = [];

    public IReadOnlyList<Effect> Items => _items;

    public void Add(Effect effect) => _items.Add(effect);

    public void Send(Party to, Message message) => _items.Add(new Send(to, message));

    internal void Clear() => _items.Clear();
}
