using System.Text.RegularExpressions;

namespace Cdc.Engine.Options;

/// <summary>Hides what must not be printed in addresses.</summary>
public static partial class Secrets
{
    /// <summary>What stands for a secret.</summary>
    public const string Mask = "***";

    /// <summary>The address without its secrets; everything else stays as it was written.</summary>
    /// <remarks>A password in a URL may hold an unescaped <c>@</c>, so the last one before the path ends it.</remarks>
    public static string Masked(string address)
    {
        Regex userInfo = UserInfo().IsMatch(address) ? UserInfo() : AnyUserInfo();
        string masked = userInfo.Replace(address, "$1" + Mask + "@");
        masked = Parameter().Replace(masked, "$1" + Mask);
        return Keyword().Replace(masked, "$1" + Mask);
    }

    /// <summary>The address with the secrets taken out, so that a changed password makes no other name.</summary>
    public static string Without(string address) => Masked(address).Replace(Mask, "", StringComparison.Ordinal);

    [GeneratedRegex(@"^([a-z][a-z0-9+.-]*://[^:/?#@]*:)(?:[^?#]*)@", RegexOptions.IgnoreCase)]
    private static partial Regex UserInfo();

    // For passwords that hold what should have been escaped: rather too much is hidden than too little.
    [GeneratedRegex(@"^([a-z][a-z0-9+.-]*://[^:/?#@]*:).*@", RegexOptions.IgnoreCase)]
    private static partial Regex AnyUserInfo();

    [GeneratedRegex(@"([?&](?:[a-z]*password|passphrase|secret|token)=)[^&#]*", RegexOptions.IgnoreCase)]
    private static partial Regex Parameter();

    [GeneratedRegex(
        @"((?:^|;)\s*(?:[a-z ]*password|pwd|psw|passphrase)\s*=\s*)(?:'(?:[^']|'')*'|""(?:[^""]|"""")*""|[^;]*)",
        RegexOptions.IgnoreCase)]
    private static partial Regex Keyword();
}
