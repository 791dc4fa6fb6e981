using System.Text.RegularExpressions;

namespace Cdc.Engine.Options;

/// <summary>Hides what must not be printed in addresses.</summary>
public static class Secrets
{
    /// <summary>What stands for a secret.</summary>
    public const string Mask = "***";

    static readonly Regex s_userInfo = new(@"^([a-z][a-z0-9+.-]*://[^:/?#@]*:)(?:[^?#]*)@", RegexOptions.IgnoreCase);

    // For passwords that hold what should have been escaped: rather too much is hidden than too little.
    static readonly Regex s_anyUserInfo = new(@"^([a-z][a-z0-9+.-]*://[^:/?#@]*:).*@", RegexOptions.IgnoreCase);

    static readonly Regex s_parameter =
        new(@"([?&](?:[a-z]*password|passphrase|secret|token)=)[^&#]*", RegexOptions.IgnoreCase);

    static readonly Regex s_keyword = new(
        @"((?:^|;)\s*(?:[a-z ]*password|pwd|psw|passphrase)\s*=\s*)(?:'(?:[^']|'')*'|""(?:[^""]|"""")*""|[^;]*)",
        RegexOptions.IgnoreCase);

    /// <summary>The address without its secrets; everything else stays as it was written.</summary>
    /// <remarks>A password in a URL may hold an unescaped <c>@</c>, so the last one before the path ends it.</remarks>
    public static string Masked(string address)
    {
        Regex userInfo = s_userInfo.IsMatch(address) ? s_userInfo : s_anyUserInfo;
        string masked = userInfo.Replace(address, "$1" + Mask + "@");
        masked = s_parameter.Replace(masked, "$1" + Mask);
        return s_keyword.Replace(masked, "$1" + Mask);
    }

    /// <summary>The address with the secrets taken out, so that a changed password makes no other name.</summary>
    public static string Without(string address) => Masked(address).Replace(Mask, "", StringComparison.Ordinal);
}
