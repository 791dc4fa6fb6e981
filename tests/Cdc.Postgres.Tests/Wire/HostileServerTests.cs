using System.Diagnostics;
using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;
using FsCheck;
using FsCheck.Fluent;

namespace Cdc.Postgres.Tests.Wire;

/// <summary>Whatever bytes come are read or are a known failure: no other exception, no hang, no flood.</summary>
public sealed class HostileServerTests
{
    const int Seed = 20_240_917;
    const int Sessions = 600;
    const long BytesPerSession = 64 << 20;

    delegate void Parser(ReadOnlySpan<byte> body);

    [Fact]
    public void Any_bytes_are_parsed_or_are_a_violation()
    {
        Parser[] parsers =
        [
            static body => PgServerError.Parse(body),
            static body => PgCopyOut.IsBinaryResponse(body),
            static body => new PgRows().Describe(body),
            static body => new PgRows().Add(body),
            static body =>
            {
                var buffer = new ReceiveBuffer(64);
                body[..Math.Min(body.Length, 64)].CopyTo(buffer.Room());
                buffer.Received(Math.Min(body.Length, 64));
                buffer.TryTake(32, out _, out _);
            },
        ];
        Prop.ForAll((byte[] bytes, int which) =>
        {
            try
            {
                parsers[(uint)which % parsers.Length](bytes);
                return true;
            }
            catch (CdcException refused)
            {
                return refused.Kind == FailureKind.ProtocolViolation;
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(Use.Query)]
    [InlineData(Use.CopyOut)]
    [InlineData(Use.Replication)]
    public void A_garbled_session_ends_in_a_known_failure(Use use)
    {
        byte[] good = Recording(use);
        byte[] next = good;
        using var server = new ScriptedServer(session =>
        {
            session.ReadStartup();
            session.SendRaw(next);
        });
        Assert.Null(Play(server, use)); // The recording itself is good, so what follows garbles something.

        var random = new Random(Seed + (int)use);
        int failed = 0;
        for (int i = 0; i < Sessions; i++)
        {
            next = Garble(good, random);
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            var clock = Stopwatch.StartNew();
            CdcException? failure = Play(server, use);
            string which = $"seed {Seed}, {use}, session {i}";
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < BytesPerSession, which);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), which);
            Assert.True(failure?.Kind is not FailureKind.Bug, which);
            if (failure is not null) failed++;
        }
        Assert.InRange(failed, Sessions / 4, Sessions);
    }

    public enum Use
    {
        Query,
        CopyOut,
        Replication,
    }

    static CdcException? Play(ScriptedServer server, Use use)
    {
        try
        {
            using PgConnection connection = server.Connect();
            switch (use)
            {
                case Use.Query:
                    connection.Query("SELECT 1");
                    break;
                case Use.CopyOut:
                    using (PgCopyOut copy = connection.CopyOut("COPY"))
                    {
                        while (copy.Read(out _) == PgRead.Data)
                        {
                        }
                    }
                    break;
                case Use.Replication:
                    PgCopyBoth stream = connection.StartReplication("START_REPLICATION");
                    while (stream.Read(out PgReplicationMessage message) == PgRead.Data)
                    {
                        if (message.ReplyRequested) stream.SendStatus(1, 2, 3);
                    }
                    stream.TryComplete(TimeSpan.FromSeconds(5));
                    break;
            }
            return null;
        }
        catch (CdcException failure)
        {
            return failure;
        }
    }

    static byte[] Garble(byte[] good, Random random)
    {
        var bytes = new List<byte>(good);
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Count > 8; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                case 3: bytes.Insert(at, (byte)random.Next(256)); break;
                case 4: bytes.RemoveRange(at, bytes.Count - at); break;
                // An extreme where a length may be.
                case 5:
                    byte[] extreme = random.Next(3) switch
                    {
                        0 => [0xFF, 0xFF, 0xFF, 0xFF],
                        1 => [0x7F, 0xFF, 0xFF, 0xFF],
                        _ => [0x3F, 0xFF, 0xFF, 0xFF],
                    };
                    for (int i = 0; i < 4 && at + i < bytes.Count; i++) bytes[at + i] = extreme[i];
                    break;
            }
        }
        return [.. bytes];
    }

    static byte[] Recording(Use use)
    {
        using var recorded = new MemoryStream();
        var session = new ScriptedSession(recorded);
        session.SendAuthentication(0);
        session.Send('S', "server_version\015.4\0"u8);
        session.Send('K', [.. ScriptedSession.Int32(1), .. ScriptedSession.Int32(2)]);
        session.SendReady();
        session.SendRows(["name", "setting"], [.. PinnedSettings.AtStart.Select(s => new[] { s.Key, s.Value })]);
        switch (use)
        {
            case Use.Query:
                session.Send('N', "SNOTICE\0C00000\0Mhello\0\0"u8);
                session.SendRows(["a", "b"], ["1", null], ["22", "three"]);
                break;
            case Use.CopyOut:
                session.Send('H', 0, 0, 2, 0, 0, 0, 0);
                for (int i = 0; i < 10; i++) session.Send('d', "1\ttwo\n"u8);
                session.Send('c');
                session.Send('C', "COPY 10\0"u8);
                session.SendReady();
                break;
            case Use.Replication:
                session.Send('W', 0, 0, 0);
                for (int i = 0; i < 10; i++)
                {
                    session.Send('d', [(byte)'w', .. new byte[24], .. "data"u8]);
                    session.Send('d', [(byte)'k', .. new byte[16], 1]);
                }
                session.Send('c');
                session.Send('C', "COPY 0\0"u8);
                session.SendReady();
                break;
        }
        return recorded.ToArray();
    }
}
