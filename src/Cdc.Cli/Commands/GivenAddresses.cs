namespace Cdc.Cli.Commands;

/// <summary>Source and target as they were given, <c>env:NAME</c> and <c>@file</c> unfollowed; empty: not given.
/// </summary>
sealed record GivenAddresses(string From, string To)
{
    public static readonly GivenAddresses None = new("", "");
}
