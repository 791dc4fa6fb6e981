using FsCheck;
using FsCheck.Fluent;
using static Cdc.Postgres.Tests.Decoding.LogMessages;

namespace Cdc.Postgres.Tests.Decoding;

public sealed class RandomTransactionTests
{
    static readonly string[] Tables = ["a", "b", "c"];

    [Fact]
    public void Random_transactions_decode_to_what_was_encoded()
    {
        Gen<Change> change =
            from table in Gen.Choose(0, 2)
            from kind in Gen.Frequency(
                (10, Gen.Constant('I')), (3, Gen.Constant('U')), (3, Gen.Constant('D')), (1, Gen.Constant('T')))
            from length in Gen.Frequency((20, Gen.Choose(0, 50)), (1, Gen.Choose(100_000, 600_000)))
            select new Change(table, kind, length);
        Gen<List<List<Change>>> log =
            change.ListOf().Select(static l => l.ToList()).ListOf().Select(static l => l.ToList());
        Prop.ForAll(Arb.From(log), static log => Decode(log, 1 << 30) && Decode(log, 300_000))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    static bool Decode(List<List<Change>> transactions, long openTransactionBytes)
    {
        List<string> expected = [];
        using DecoderBench decoder = new(openTransactionBytes: openTransactionBytes);
        ulong lsn = 1000;
        decoder.Take(
            [Begin(lsn), .. Tables.Select(static (name, i) => Relation((uint)i, name, 'd', ("id", true), ("v", false))),
                Commit(lsn, lsn + 10)]);
        foreach (List<Change> transaction in transactions)
        {
            lsn += 100;
            decoder.Take(Begin(lsn));
            Expect(transaction, lsn + 10, decoder, expected);
            decoder.Take(Commit(lsn, lsn + 10));
            if (lsn % 300 == 0) decoder.Flush();
        }
        decoder.Flush();
        Assert.Equal(expected, decoder.Changes);
        return true;
    }

    static void Expect(List<Change> transaction, ulong end, DecoderBench decoder, List<string> expected)
    {
        (uint step, int sequence) = (0, 0);
        foreach ((int table, char kind, int length) in transaction)
        {
            string value = new((char)('a' + length % 26), length);
            string place = $"{end}.{step}#{sequence} {Tables[table]}";
            switch (kind)
            {
                case 'I':
                    decoder.Take(Insert((uint)table, $"{length}", value));
                    expected.Add($"Insert {place} [{length}|{value}]");
                    break;
                case 'U':
                    decoder.Take(Update((uint)table, 'K', ["k", null], [$"{length}", value]));
                    expected.Add($"Update {place} Key [k|null] [{length}|{value}] KeyChanged");
                    sequence++;
                    break;
                case 'D':
                    decoder.Take(Delete((uint)table, 'K', value, null));
                    expected.Add($"Delete {place} Key [{value}|null]");
                    break;
                default:
                    decoder.Take(Truncate(0, (uint)table));
                    expected.Add($"truncate {end}.{step + 1} {Tables[table]}");
                    (step, sequence) = (step + 2, -1);
                    break;
            }
            sequence++;
        }
    }

    sealed record Change(int Table, char Kind, int Length);
}
