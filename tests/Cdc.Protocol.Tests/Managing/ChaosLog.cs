using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Messages;
using static Cdc.Protocol.Tests.Managing.TestNode;

namespace Cdc.Protocol.Tests.Managing;

/// <summary>The log before a <see cref="ChaosNode"/>: rows and block events, delivered to any session at any
/// time.</summary>
sealed class ChaosLog
{
    public const int Tables = 5;
    public const ulong End = 60;

    readonly ChaosNode _node;
    readonly Random _random;
    readonly SortedDictionary<ulong, BlockPayload?>[] _events = new SortedDictionary<ulong, BlockPayload?>[Tables + 1];
    long _delivered, _released;
    ulong _opened;
    CommitTs _resolved;

    public ChaosLog(ChaosNode node, Random random)
    {
        (_node, _random) = (node, random);
        for (int table = 0; table <= Tables; table++)
        {
            _events[table] = [];
            for (ulong commit = 11; commit < End; commit++)
            {
                int kind = _random.Next(12);
                if (kind < 4 && table > 0) _events[table].Add(commit, null);
                else if (kind == 4) _events[table].Add(commit, Blocks(0, 1));
                else if (kind == 5 && table == 0) _events[table].Add(commit, Adds((long)(100 + commit)));
            }
        }
    }

    /// <summary>What there is of a table: rows, or a block event where there is a payload.</summary>
    public SortedDictionary<ulong, BlockPayload?> Of(int table) => _events[table];

    public IEnumerable<ulong> RowsBefore(int table, ulong commit) =>
        _events[table].Where(e => e.Key < commit && e.Value is null).Select(e => e.Key);

    public void Open(ChaosLife life, OpenSession open)
    {
        Assert.Equal(0ul, life.Session);
        Assert.True(open.Start >= life.Checkpoint);
        (life.Session, _opened) = (open.Session, open.Session);
        life.Cursor = open.Start.Step == 0 ? open.Start.Commit - 1 : open.Start.Commit;
    }

    public void Release(ReleaseRows release) => _released += release.Bytes;

    public void MustHaveAllBack() => Assert.Equal(_delivered, _released);

    public void Deliver()
    {
        ChaosLife[] open = Open();
        if (open.Length == 0) return;
        ChaosLife life = open[_random.Next(open.Length)];
        foreach ((ulong commit, BlockPayload? payload) in _events[life.Table])
        {
            if (commit <= life.Cursor) continue;
            life.Cursor = commit;
            if (payload is not null)
            {
                _node.Put(new BlockArrived(Mode.Event, life.Id, life.Owner, life.Session, Ddl(commit), payload));
                return;
            }

            bool isSplit = _random.Next(3) == 0;
            Rows(life, commit, true, !isSplit);
            if (isSplit && life.Session != 0) Rows(life, commit, false, true);
            return;
        }

        life.Cursor = End;
    }

    public void Resolve()
    {
        CommitTs next = At(Math.Min(End, _resolved.Commit + (ulong)_random.Next(4)));
        if (next < _resolved) return;
        _resolved = next;
        _node.Put(new ResolvedArrived(next, _opened,
        [
            .. Open().Where(l => _events[l.Table].Keys.Any(c => c > l.Cursor && At(c) <= next))
                .Select(l => new DispatcherKey(Mode.Event, l.Id, l.Owner)),
        ]));
    }

    void Rows(ChaosLife life, ulong commit, bool isFirst, bool isLast)
    {
        int bytes = _random.Next(1, 9);
        _delivered += bytes;
        _node.Put(new RowsArrived(
            Mode.Event, life.Id, life.Owner, life.Session, new(At(commit), isFirst, isLast, new byte[bytes])));
    }

    ChaosLife[] Open() => [.. _node.Lives.Values.Where(l => l.Session != 0)];
}
