using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Decoding;
using Cdc.Postgres.Streaming;
using Cdc.Postgres.Tests.Decoding;
using Cdc.Postgres.Tests.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Tests.Streaming;

/// <summary>What the receiver gets of a stream that breaks inside a message, or that stands still.</summary>
public sealed class LogReaderTests : IDisposable
{
    const uint Table = 5;
    const uint Unanswered = 6;
    readonly string _spill = Directory.CreateTempSubdirectory("cdc-reader-").FullName;

    public void Dispose() => Directory.Delete(_spill, recursive: true);

    [Fact]
    public async Task A_transaction_that_can_not_be_read_back_from_the_disk_is_not_resolved()
    {
        string large = new('x', 200_000);
        (List<SourceEvent> events, Exception? failure) = await ReadAsync(session =>
        {
            Send(session, LogMessages.Begin(0x100));
            Send(session, LogMessages.Relation(Table, "t", 'd', ("id", true), ("v", false)));
            for (int id = 1; id <= 4; id++) Send(session, LogMessages.Insert(Table, $"{id}", large));
            CutShort();
            Send(session, LogMessages.Commit(0x100, 0x140));
        });
        Assert.Equal(FailureKind.DiskFailed, Assert.IsType<CdcException>(failure).Kind);
        Assert.NotEmpty(events.OfType<SourceEvent.Rows>());
        Assert.Empty(events.OfType<SourceEvent.Resolved>());
    }

    [Fact]
    public async Task A_row_that_breaks_off_takes_nothing_with_it()
    {
        byte[] broken = LogMessages.Insert(Table, "2", "b");
        (List<SourceEvent> events, Exception? failure) = await ReadAsync(session =>
        {
            Send(session, LogMessages.Begin(0x100));
            Send(session, LogMessages.Relation(Table, "t", 'd', ("id", true), ("v", false)));
            Send(session, LogMessages.Insert(Table, "1", "a"));
            Send(session, LogMessages.Commit(0x100, 0x140));
            Send(session, LogMessages.Begin(0x200));
            Send(session, LogMessages.Insert(Table, "1", "a"));
            Send(session, LogMessages.Commit(0x200, 0x240));
            Send(session, LogMessages.Begin(0x300));
            Send(session, broken[..^3]);
        });
        Assert.Equal(FailureKind.ProtocolViolation, Assert.IsType<CdcException>(failure).Kind);
        foreach (SourceEvent.Rows rows in events.OfType<SourceEvent.Rows>())
        {
            int count = 0;
            foreach (Engine.Rows.Row _ in rows.Batch) count++;
            Assert.Equal(rows.Batch.Count, count);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_whole_before_a_failure_is_resolved(bool isOfTheCatalogs)
    {
        byte[] failing = isOfTheCatalogs
            ? [
                .. Message(LogMessages.Begin(0x300)),
                .. Message(LogMessages.Relation(Unanswered, "u", 'd', ("id", true), ("v", false))),
            ]
            : ScriptedSession.Message('E', "SFATAL\0VFATAL\0C57P01\0Mterminating\0\0"u8);
        (List<SourceEvent> events, Exception? failure) = await ReadAsync(
            session =>
            {
                Send(session, LogMessages.Begin(0x100));
                Send(session, LogMessages.Relation(Table, "t", 'd', ("id", true), ("v", false)));
                // At once, so that the reader has no time to hand on what is whole by itself.
                session.SendRaw([
                    .. Message(LogMessages.Commit(0x100, 0x140)), .. Message(LogMessages.Begin(0x200)),
                    .. Message(LogMessages.Insert(Table, "1", "a")), .. Message(LogMessages.Commit(0x200, 0x240)),
                    .. failing,
                ]);
            });
        Assert.Equal(FailureKind.SourceUnreachable, Assert.IsType<CdcException>(failure).Kind);
        Assert.Single(events.OfType<SourceEvent.Rows>());
        Assert.Equal(CommitTs.End(0x240), events.OfType<SourceEvent.Resolved>().Last().At);
    }

    [Theory]
    [InlineData("skipped loading publication \"publication\"", "WriteReport")]
    [InlineData("Publikation wird übersprungen", "LoadPublications")]
    public async Task A_server_that_goes_on_without_a_publication_is_not_followed(string warning, string routine)
    {
        (List<SourceEvent> events, Exception? failure) = await ReadAsync(session =>
        {
            Send(session, LogMessages.Begin(0x100));
            session.Send('N', Encoding.UTF8.GetBytes($"SWARNING\0VWARNING\0C55000\0M{warning}\0R{routine}\0\0"));
            Send(session, LogMessages.Commit(0x100, 0x140));
        });
        CdcException lost = Assert.IsType<CdcException>(failure);
        Assert.Equal(FailureKind.PositionLost, lost.Kind);
        Assert.Contains(warning, lost.Message, StringComparison.Ordinal);
        Assert.Empty(events.OfType<SourceEvent.Resolved>());
    }

    [Fact]
    public async Task A_notice_of_another_kind_ends_no_stream()
    {
        (List<SourceEvent> events, Exception? failure) = await ReadAsync(session =>
        {
            Send(session, LogMessages.Begin(0x100));
            session.Send('N', "SWARNING\0VWARNING\0C01000\0Ma plain warning\0\0"u8);
            Send(session, LogMessages.Relation(Table, "t", 'd', ("id", true), ("v", false)));
            Send(session, LogMessages.Insert(Table, "1", "a"));
            Send(session, LogMessages.Commit(0x100, 0x140));
        });
        Assert.Equal(FailureKind.SourceUnreachable, Assert.IsType<CdcException>(failure).Kind);
        Assert.Single(events.OfType<SourceEvent.Rows>());
    }

    [Fact]
    public async Task A_server_that_says_nothing_unasked_is_asked_how_far_it_is_if_somebody_waits_for_that()
    {
        (List<SourceEvent> events, _) = await ReadAsync(
            static session =>
            {
                // A status that comes by itself, on its timer, asks for nothing.
                while (session.ReadMessage() is not ('d', [(byte)'r', .., 1]))
                {
                }
                session.Send('d', [(byte)'k', .. ScriptedSession.Int64(0x500), .. ScriptedSession.Int64(0), 0]);
            },
            isAwaited: true).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(CommitTs.End(0x500), Assert.IsType<SourceEvent.Resolved>(Assert.Single(events)).At);
    }

    async Task<(List<SourceEvent> Events, Exception? Failure)> ReadAsync(
        Action<ScriptedSession> stream, bool isAwaited = false)
    {
        using ScriptedServer server = new(session =>
        {
            session.ReadStartup();
            session.LetIn();
            session.ReadText('Q');
            session.SendRows(["setting"], ["60000"]);
            session.ReadText('Q');
            session.SendRows(["lsn"], ["0"]);
            session.ReadText('Q');
            session.Send('W', 0, 0, 0);
            stream(session);
        });
        LogStreamOptions options = new()
        {
            Connect = _ => server.Connect(new() { Replication = true }),
            Slot = "slot",
            Publications = ["publication"],
            Catalog = new CatalogWithoutAnAnswer(),
            Selection = TableSelection.Everything,
            SpillDirectory = _spill,
            Logger = new LinesLogger(),
            OpenTransactionBytes = 1,
        };
        List<SourceEvent> events = [];
        Exception? failure = null;
        await using LogStream log = new(options, new SafePositions());
        StreamStart start =
            new(CommitTs.Zero, CommitTs.Zero, new SchemaHistory([]), new Dictionary<TableId, CommitTs>()) { IsAwaited = isAwaited };
        try
        {
            await foreach (SourceEvent one in log.ReadAsync(start, TestContext.Current.CancellationToken)) events.Add(one);
        }
        catch (CdcException error)
        {
            failure = error;
        }
        Assert.Null(server.Failure);
        return (events, failure);
    }

    sealed class CatalogWithoutAnAnswer : ITableCatalog
    {
        public ColumnType Resolve(uint typeOid, int typmod) => new(TypeKind.Text, "text", typeOid, typmod);

        public ImmutableArray<string> Key(uint tableOid) => tableOid == Unanswered
            ? throw new CdcException(FailureKind.SourceUnreachable, "The catalogs can't be reached.")
            : ["id"];
    }

    // Behind the second of two batches on disk: the first can still be read.
    void CutShort()
    {
        string? file = null;
        bool isThere = SpinWait.SpinUntil(
            () => (file = Directory.GetFiles(_spill).FirstOrDefault()) is not null && new FileInfo(file).Length > 400_000,
            TimeSpan.FromSeconds(20));
        Assert.True(isThere);
        using FileStream spilled = new(file!, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        spilled.SetLength(spilled.Length - 1000);
    }

    static void Send(ScriptedSession session, byte[] message) => session.SendRaw(Message(message));

    static byte[] Message(byte[] message)
    {
        byte[] body = new byte[25 + message.Length];
        body[0] = (byte)'w';
        BinaryPrimitives.WriteUInt64BigEndian(body.AsSpan(1), 0x50);
        BinaryPrimitives.WriteUInt64BigEndian(body.AsSpan(9), 0x50);
        message.CopyTo(body, 25);
        return ScriptedSession.Message('d', body);
    }
}
