using Cdc.Engine.Rows;
using Cdc.Protocol;

namespace Cdc.Engine.Demo;

/// <summary>The demo's log: makes one transaction after the other, always the same ones for the same seed.</summary>
sealed class DemoLog(DemoOptions options, DemoTables tables, DemoOutput output)
{
    /// <summary>Commit time of the opening: 2026-01-01, in microseconds since 1970.</summary>
    public const long FirstTime = 1_767_225_600_000_000;

    const ulong FirstCommit = 0x1000000;
    const int TransactionBytes = 64;
    const int RowBytes = 96;

    readonly DemoBank _bank = new(options.Accounts);
    readonly DemoOrders _orders = new();
    readonly DemoWide _wide = new();
    DemoRandom _random = new(options.Seed);
    long _lastScratch;

    /// <summary>What was before the first transaction: the accounts with their opening balances.</summary>
    public static CommitTs Opening => CommitTs.End(FirstCommit);

    public long Made { get; private set; }
    public bool IsAtEnd => options.Transactions != 0 && Made == options.Transactions;
    public ulong Commit { get; private set; } = FirstCommit;
    public long Time { get; private set; } = FirstTime;

    public void MakeOne()
    {
        int what = _random.Next(1000);
        int size = what switch
        {
            < 998 => 1 + _random.Next(4),
            _ => 200 + _random.Next(2000),
        };
        // The end is known before the rows are, from what they will roughly take; only its order and growth matter.
        Commit += (ulong)(TransactionBytes + size * RowBytes + _random.Next(16) * 8);
        Time += 500 + _random.Next(1000);
        Made++;
        output.Begin(new(new(Commit, 0), Time, (uint)Made + 700));
        Fill(what, size);
        output.End();
    }

    void Fill(int what, int size)
    {
        switch (what)
        {
            case < 800:
                Transfers(1);
                break;
            case < 930:
                Orders(size);
                break;
            case < 980:
                _wide.Change(ref _random, tables, output);
                break;
            case < 990:
                Scratch(size);
                break;
            case < 994:
                Scratch(size);
                output.NextStep();
                output.Truncate(tables.Scratch);
                output.NextStep();
                Scratch(size);
                break;
            case < 998:
                Orders(size);
                output.NextStep();
                _orders.Alter(ref _random, tables, output);
                output.NextStep();
                Orders(size);
                break;
            default:
                Transfers(size);
                break;
        }
    }

    void Transfers(int count)
    {
        for (; count > 0; count--) _bank.Transfer(ref _random, tables, output, Time);
    }

    void Orders(int count)
    {
        for (; count > 0; count--) _orders.Change(ref _random, tables, output);
    }

    void Scratch(int count)
    {
        for (; count > 0; count--)
        {
            _lastScratch++;
            if (!output.StartRow(tables.Scratch, Op.Insert)) continue;
            output.Integer(_lastScratch);
            output.Value("\\x00ff"u8);
            output.EndRow();
        }
    }
}
