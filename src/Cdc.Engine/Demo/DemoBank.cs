using System.Globalization;
using System.Text.Unicode;
using Cdc.Engine.Rows;

namespace Cdc.Engine.Demo;

/// <summary>Moves money between accounts: two updates and a line in the ledger. The sum of all balances never
/// changes.</summary>
sealed class DemoBank
{
    /// <summary>What is in each account at first.</summary>
    public const long OpeningBalance = 100_000;

    const int AmountMax = 1000;

    readonly long[] _balances;
    long _lastLine;

    public DemoBank(int accounts)
    {
        _balances = new long[accounts];
        _balances.AsSpan().Fill(OpeningBalance);
    }

    public void Transfer(ref DemoRandom random, DemoTables tables, DemoOutput output, long time)
    {
        int from = random.Next(_balances.Length);
        int to = (from + 1 + random.Next(_balances.Length - 1)) % _balances.Length;
        int amount = 1 + random.Next(AmountMax);
        _balances[from] -= amount;
        _balances[to] += amount;
        _lastLine++;
        Account(tables, output, Op.Update, from + 1, _balances[from]);
        Account(tables, output, Op.Update, to + 1, _balances[to]);

        if (!output.StartRow(tables.Ledger, Op.Insert)) return;
        output.Integer(_lastLine);
        output.Integer(from + 1);
        output.Integer(to + 1);
        output.Integer(amount);
        output.Moment(time);
        output.EndRow();
    }

    public static void Account(DemoTables tables, DemoOutput output, Op op, int id, long balance)
    {
        if (!output.StartRow(tables.Accounts, op)) return;
        output.Integer(id);
        Utf8.TryWrite(output.Room(), CultureInfo.InvariantCulture, $"owner {id}", out int used);
        output.Used(used);
        output.Integer(balance);
        output.EndRow();
    }
}
