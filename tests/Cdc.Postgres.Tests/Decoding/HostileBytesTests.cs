using Cdc.Engine.Failures;
using FsCheck;
using FsCheck.Fluent;
using static Cdc.Postgres.Tests.Decoding.LogMessages;

namespace Cdc.Postgres.Tests.Decoding;

public sealed class HostileBytesTests
{
    const uint Orders = 100;

    static readonly byte[][] Log =
    [
        Begin(1000), Origin(5, "elsewhere"), Type(600, "mood"),
        Relation(Orders, "orders", 'f', ("id", true), ("note", true)), Insert(Orders, "1", null),
        Update(Orders, 'O', ["1", null], ["2", "x"]), Update(Orders, "2", Unchanged), Delete(Orders, 'K', "2", null),
        Message(true, "app", [1, 2, 3]), Truncate(1, Orders), Commit(1000, 1040),
    ];

    public static TheoryData<string, byte[]> Broken => new()
    {
        { "unknown letter", [(byte)'?'] },
        { "empty", [] },
        { "binary cell", [.. "I\0\0\0\x64N\0\x02b\0\0\0\x01\x31n"u8] },
        { "fewer cells than the relation has", Insert(Orders, "1") },
        { "more cells than the relation has", Insert(Orders, "1", "2", "3") },
        { "negative length of a cell", [.. "I\0\0\0\x64N\0\x02t"u8, 0xFF, 0xFF, 0xFF, 0xFF, (byte)'n'] },
        { "a table nobody described", Insert(999, "1", "2") },
        { "begin in a transaction", Begin(2000) },
        { "commit of another transaction", Commit(1001, 1040) },
        { "commit that ends before it begins", Commit(1000, 1000) },
        { "truncate that counts too many", [.. "T\x7f\xff\xff\xff\0\0\0\0\x64"u8] },
        { "insert with an old row", Delete(Orders, 'K', "1", "2")[1..].Prepend((byte)'I').ToArray() },
        { "bytes behind a row", [.. Insert(Orders, "1", "2"), 0] },
        { "update without a new row", Delete(Orders, 'K', "1", "2")[1..].Prepend((byte)'U').ToArray() },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Bytes_that_pgoutput_does_not_send_are_a_violation(string what, byte[] message)
    {
        using DecoderBench decoder = new();
        decoder.Take(Log[..4]);
        CdcException failure = Assert.Throws<CdcException>(() => decoder.Take(message));
        Assert.True(failure.Kind == FailureKind.ProtocolViolation, what);
    }

    [Fact]
    public void A_transaction_out_of_order_is_a_violation()
    {
        using DecoderBench decoder = new();
        decoder.Take(Log[..4]).Take(Commit(1000, 1040)).Take(Begin(1040), Commit(1040, 1080));
        CdcException failure = Assert.Throws<CdcException>(() => decoder.Take(Begin(1079)));
        Assert.Equal(FailureKind.ProtocolViolation, failure.Kind);
    }

    [Fact]
    public void Every_truncated_message_is_a_violation()
    {
        for (int cut = 0; cut < Log.Length; cut++)
        {
            for (int length = 0; length < Log[cut].Length; length++)
            {
                using DecoderBench decoder = new();
                decoder.Take(Log[..cut]);
                CdcException failure = Assert.Throws<CdcException>(() => decoder.Take(Log[cut][..length]));
                Assert.Equal(FailureKind.ProtocolViolation, failure.Kind);
            }
        }
    }

    [Fact]
    public void Mutated_logs_give_rows_or_a_violation_and_never_anything_else()
    {
        Gen<byte> letter = Gen.Choose(0, 255).Select(static n => (byte)n);
        Gen<(int Message, int Place, byte Value)> mutation =
            from message in Gen.Choose(0, Log.Length - 1)
            from place in Gen.Choose(0, Log[message].Length - 1)
            from value in letter
            select (message, place, value);
        Prop.ForAll(Arb.From(mutation.ListOf(3)), static mutations =>
        {
            byte[][] log = [.. Log.Select(static message => message.ToArray())];
            foreach ((int message, int place, byte value) in mutations) log[message][place] = value;
            return OnlyExpected(log);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void Noise_gives_a_violation_and_never_anything_else()
    {
        Gen<byte> letter = Gen.OneOf(
            Gen.Elements("BCRIUDTMOYNKOtnu"u8.ToArray()), Gen.Constant((byte)0),
            Gen.Choose(0, 255).Select(static n => (byte)n));
        Prop.ForAll(Arb.From(letter.ArrayOf()), static noise => OnlyExpected([.. Log[..4], noise]))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    static bool OnlyExpected(byte[][] log)
    {
        using DecoderBench decoder = new();
        try
        {
            decoder.Take(log).Flush();
        }
        catch (CdcException failure)
        {
            decoder.Abandon();
            return failure.Kind == FailureKind.ProtocolViolation && decoder.Pool.BytesOut == 0;
        }
        return true;
    }
}
