namespace Cdc.Protocol;

/// <summary>One changefeed from its creation to its removal. One that is created again under the same name has another
/// id, so that nothing said about the first can reach the second.</summary>
public readonly record struct ChangefeedId(Guid Value)
{
    public override string ToString() => Value.ToString("N");
}
