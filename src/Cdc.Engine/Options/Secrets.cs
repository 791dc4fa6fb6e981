using System.Text.RegularExpressions;

namespace Cdc.Engine.Options;

/// <summary>Hides what must not be printed: in addresses, and in sentences that hold addresses.</summary>
public static partial class Secrets
{
    /// <summary>What stands for a secret.</summary>
    public const string Mask = "***";

    /// <summary>The text without secrets; everything else stays as it was written.</summary>
    /// <remarks>A password in a URL may hold an unescaped <c>@</c>, so the last one before the path ends it. In a
    /// sentence nobody knows where it ends, so more may be hidden than must be.</remarks>
    public static string Masked(string text)
    {
        Regex userInfo = UserInfo().IsMatch(text) ? UserInfo() : AnyUserInfo();
        string masked = userInfo.Replace(text, "$1" + Mask + "@");
        masked = Parameter().Replace(masked, "$1" + Mask);
        return Keyword().Replace(masked, "$1" + Mask);
    }

    /// <summary>The address with the secrets taken out, so that a changed password makes no other name.</summary>
    public static string Without(string address) => Masked(address).Replace(Mask, "", StringComparison.Ordinal);

    // What is masked already stays apart from what is behind it.
    [GeneratedRegex(@"([a-z][a-z0-9+.-]*://[^:/?#@]*:)(?!\*\*\*@)[^?#]*@", RegexOptions.IgnoreCase)]
    private static partial Regex UserInfo();

    // For passwords that hold what should have been escaped: rather too much is hidden than too little.
    [GeneratedRegex(@"([a-z][a-z0-9+.-]*://[^:/?#@]*:)(?!\*\*\*@).*@", RegexOptions.IgnoreCase)]
    private static partial Regex AnyUserInfo();

    [GeneratedRegex(@"([?&](?:[a-z]*password|passphrase|secret|token)=)[^&#]*", RegexOptions.IgnoreCase)]
    private static partial Regex Parameter();

    // In a URL it is a parameter, which ends elsewhere.
    [GeneratedRegex(
        @"((?<![?&a-z])(?:[a-z ]*password|pwd|psw|passphrase)\s*=\s*)(?:'(?:[^']|'')*'|""(?:[^""]|"""")*""|[^;]*)",
        RegexOptions.IgnoreCase)]
    private static partial Regex Keyword();
}
