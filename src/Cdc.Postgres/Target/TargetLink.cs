using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine;
using Cdc.Protocol;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Target;

/// <summary>The writer's session, over lost connections: whether a commit under way was done, the progress row
/// says.</summary>
/// <remarks>One thread; any may cancel.</remarks>
internal sealed partial class TargetLink(
    PostgresSinkOptions options, TargetSessions sessions, SinkClaimed claimed, TargetSession session, CommitTs position)
    : IDisposable
{
    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    readonly ILogger _logger = options.Loggers.CreateLogger("Cdc.Postgres.Target");
    readonly CancellationTokenSource _ended = new();
    readonly ProgressStore _store = new(claimed.Changefeed);
    SinkClaimed _claimed = claimed;
    TargetSession _session = session;
    TargetTables? _tables;
    TargetTransaction? _transaction;

    /// <summary>Everything up to here is committed.</summary>
    public CommitTs Position { get; private set; } = position;

    public ulong WalFlushed { get; private set; }

    /// <summary>With the owner that may commit now: each session is another.</summary>
    public SinkClaimed Claimed => _claimed;
    public TargetSession Session => _session;
    public TableMaker Maker => field ??= new(options, _ended.Token);
    public TargetTables Tables => _tables ??= new(Maker);

    TargetTransaction Transaction => _transaction ??=
        new(_session, _claimed, Tables, options);

    public void Write(ChangeUnit unit)
    {
        // The rows that it held already are gone from memory, so a lost connection ends it.
        bool wasOpen = Transaction.IsOpen;
        Try(() => Transaction.Write(unit), null, !wasOpen);
    }

    public ulong Commit(ChangeUnit unit, CommitTs at)
    {
        bool wasOpen = Transaction.IsOpen;
        Try(() => Transaction.Commit(unit, at), at, !wasOpen);
        options.Milestones.Reached(Milestone.TargetCommitted);
        Position = at;
        WalFlushed = Transaction.WalFlushed;
        return Transaction.WalEnd;
    }

    public ulong AskFlushed()
    {
        Try(() => Transaction.AskFlushed(), null, !Transaction.IsOpen);
        return WalFlushed = Transaction.WalFlushed;
    }

    public ulong ForceFlush(CommitTs at)
    {
        Try(() => Transaction.ForceFlush(at), at, isRepeatable: true);
        Position = at;
        return WalFlushed = Transaction.WalFlushed;
    }

    /// <summary>Does something that commits at a position by itself, or changes nothing.</summary>
    public void Do(Action<TargetSession> work, CommitTs? at)
    {
        Try(() => work(_session), at, isRepeatable: true);
        if (at is { } reached) Position = reached;
    }

    public void Cancel()
    {
        _ended.Cancel();
        _session.Connection.Cancel();
    }

    public void Dispose()
    {
        _ended.Cancel();
        _session.Dispose();
        _ended.Dispose();
    }

    void Try(Action work, CommitTs? at, bool isRepeatable)
    {
        while (true)
        {
            try
            {
                work();
                return;
            }
            catch (CdcException lost) when (TargetFailures.IsLost(lost))
            {
                if (!isRepeatable) throw TargetFailures.Interrupted(lost);
                CommitTs found = Reconnect(lost);
                if (at is { } wanted && found == wanted)
                {
                    // It was done; how far the disk is will be asked.
                    Transaction.AskFlushed();
                    return;
                }
                if (found != Position) throw Forgotten(found);
            }
        }
    }

    CommitTs Reconnect(CdcException lost)
    {
        long since = options.Time.GetTimestamp();
        TimeSpan pause = FirstPause;
        CdcException reason = lost;
        while (true)
        {
            LogLost(_logger, reason.Message);
            _session.Dispose();
            if (_ended.Token.WaitHandle.WaitOne(pause)) throw new OperationCanceledException();
            try
            {
                _session = sessions.Open(_ended.Token);
                _transaction = null;
                Tables.Forget();
                (_claimed, CommitTs found) = _store.Retake(_session.Connection, _claimed);
                return found;
            }
            catch (CdcException again) when (TargetFailures.IsLost(again))
            {
                bool isEnough = options.RetryFor > TimeSpan.Zero
                    && options.Time.GetElapsedTime(since) >= options.RetryFor;
                if (isEnough) throw;
                reason = again;
                pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
            }
        }
    }

    // The server came back from a crash or a backup without commits that were not on its disk: we never said they were.
    CdcException Forgotten(CommitTs found) => new(FailureKind.SinkUnreachable,
        $"The target came back with what it had at {found}; we had written up to {Position}.",
        "Run again: what is missing is read from the source once more.");

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason} Connecting again.")]
    static partial void LogLost(ILogger logger, string reason);
}
