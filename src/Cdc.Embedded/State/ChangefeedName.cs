using Cdc.Engine.Failures;

namespace Cdc.Embedded.State;

/// <summary>The rule for a changefeed's name, which becomes part of directory, slot and publication names.</summary>
public static class ChangefeedName
{
    public const int LengthMax = 40;

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= LengthMax && name[0] is >= 'a' and <= 'z'
        && name.All(static c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_');

    /// <exception cref="CdcException">Usage: the name breaks the rule.</exception>
    public static void Verify(string name)
    {
        if (!IsValid(name))
            throw new CdcException(FailureKind.Usage, $"'{name}' can't be the name of a changefeed.",
                $"A name begins with a lower-case letter and has at most {LengthMax} of these, digits and '_'.");
    }
}
