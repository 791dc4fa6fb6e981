using System.Globalization;

namespace Cdc.Engine.Demo;

/// <summary>What <c>demo:?seed=1&amp;transactions=1000&amp;rate=0&amp;accounts=1000</c> says; all parts may be left
/// out.</summary>
/// <param name="Transactions">How many there are in all; 0: without end.</param>
/// <param name="Rate">Transactions in a second; 0: as fast as they are taken.</param>
/// <param name="Accounts">Rows of the accounts table, at least two.</param>
public sealed record DemoOptions(ulong Seed = 1, long Transactions = 1000, int Rate = 0, int Accounts = 1000)
{
    const string Scheme = "demo:";
    const int AccountsMax = 10_000_000;
    const string Shape = "demo:?seed=1&transactions=1000&rate=0&accounts=1000";

    public static bool IsDemo(string address) =>
        address == "demo" || address.StartsWith(Scheme, StringComparison.Ordinal);

    /// <exception cref="FormatException">The text is no such address; the message says why.</exception>
    public static DemoOptions Parse(string address)
    {
        DemoOptions options = new();
        if (!IsDemo(address)) throw new FormatException($"'{address}' is not {Shape}.");
        string rest = address == "demo" ? "" : address[Scheme.Length..].TrimStart('?');
        foreach (string pair in rest.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=');
            if (equals < 0) throw new FormatException($"'{pair}' has no value; write {Shape}.");
            options = options.With(pair[..equals], pair[(equals + 1)..]);
        }
        return options;
    }

    DemoOptions With(string name, string value) => name switch
    {
        "seed" => this with { Seed = Number(name, value, 0, ulong.MaxValue) },
        "transactions" => this with { Transactions = (long)Number(name, value, 0, long.MaxValue) },
        "rate" => this with { Rate = (int)Number(name, value, 0, 1_000_000) },
        "accounts" => this with { Accounts = (int)Number(name, value, 2, AccountsMax) },
        _ => throw new FormatException($"'{name}' is none of seed, transactions, rate, accounts."),
    };

    static ulong Number(string name, string value, ulong least, ulong most) =>
        ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number >= least
            && number <= most
            ? number
            : throw new FormatException($"'{name}={value}': a number from {least} to {most} is needed.");
}
