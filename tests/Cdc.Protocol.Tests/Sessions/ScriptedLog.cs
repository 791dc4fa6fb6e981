using System.Text;
using Cdc.Protocol.Sessions;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>A log in memory, which cuts rows into small pieces so that a step has several of them.</summary>
sealed class ScriptedLog(int pieceBytes = 4) : IEventLog
{
    readonly List<(CommitTs At, TableId Table, uint Hash, string Text)> _rows = [];
    readonly List<LogBlock> _blocks = [];
    readonly List<(TableId Table, ulong Since, string? Schema)> _schemas = [];

    public CommitTs Forgotten { get; set; }

    public CommitTs LostUpTo { get; set; }

    /// <summary>How often rows were read.</summary>
    public int Reads { get; private set; }

    /// <summary>The table is in this schema from a commit on, or in none.</summary>
    public ScriptedLog Table(long table, string? schema, ulong since = 0)
    {
        _schemas.Add((new TableId(table), since, schema));
        return this;
    }

    public ScriptedLog Row(ulong commit, long table, string text, uint hash = 0, uint step = 0)
    {
        _rows.Add((new CommitTs(commit, step), new TableId(table), hash, text));
        return this;
    }

    public ScriptedLog Ddl(ulong commit, params long[] tables) =>
        Block(new(new CommitTs(commit, 1), false), new Influence.Normal([.. tables.Select(t => new TableId(t))]));

    public ScriptedLog SchemaDdl(ulong commit, string schema) =>
        Block(new(new CommitTs(commit, 1), false), new Influence.Database(schema));

    public ScriptedLog Syncpoint(ulong commit) => Block(new(CommitTs.End(commit), true), new Influence.All());

    public LogRows? NextRows(TableSpan span, CommitTs after, long offset, CommitTs upTo, int maxBytes)
    {
        Reads++;
        if (after < Forgotten) throw new InvalidOperationException("Read what was forgotten.");
        CommitTs? at = null;
        foreach ((CommitTs rowAt, TableId table, uint hash, _) in _rows)
            if (rowAt > after && rowAt <= upTo && IsIn(span, table, hash) && (at is not { } a || rowAt < a)) at = rowAt;
        if (at is not { } step) return null;
        byte[] all = Encoding.UTF8.GetBytes(StepOf(span, step));
        int length = Math.Min(Math.Min(pieceBytes, maxBytes), all.Length - (int)offset);
        long next = offset + length;
        return new LogRows(step, next, next == all.Length, all.AsMemory((int)offset, length));
    }

    public LogBlock? NextBlock(CommitTs after, CommitTs upTo)
    {
        LogBlock? next = null;
        foreach (LogBlock block in _blocks)
            if (block.Event.At > after && block.Event.At <= upTo && (next is not { } n || block.Event.At < n.Event.At))
                next = block;
        return next;
    }

    public string? SchemaOf(TableId table, CommitTs at) =>
        _schemas.LastOrDefault(s => s.Table == table && (s.Since == 0 || new CommitTs(s.Since, 1) <= at)).Schema;

    /// <summary>What a dispatcher of the span has to see behind a position, one line for each step.</summary>
    public List<(CommitTs At, string Text)> Expected(TableSpan span, CommitTs start)
    {
        SortedDictionary<CommitTs, string> steps = [];
        foreach ((CommitTs at, TableId table, uint hash, _) in _rows)
            if (at > start && IsIn(span, table, hash)) steps[at] = StepOf(span, at);
        foreach (LogBlock block in _blocks)
            if (block.Event.At > start && Stops(block, span.Table)) steps[block.Event.At] = "!";
        return [.. steps.Select(static s => (s.Key, s.Value))];
    }

    /// <summary>The tables with rows behind one position and up to another.</summary>
    public IEnumerable<TableId> Touched(CommitTs after, CommitTs upTo) =>
        _rows.Where(r => r.At > after && r.At <= upTo).Select(static r => r.Table).Distinct();

    /// <summary>Said here a second time and otherwise, so that the service's own rule is tested against it.</summary>
    bool Stops(LogBlock block, TableId table) =>
        table == TableId.Every || block.Payload.Influence is Influence.All
        || (block.Payload.Influence is Influence.Normal normal && normal.Tables.Any(t => t == table))
        || (block.Payload.Influence is Influence.Database database
            && (table == TableId.Trigger || SchemaOf(table, block.Event.At.Previous) == database.Schema));

    ScriptedLog Block(BlockEventId id, Influence influence)
    {
        _blocks.Add(new(id, BlockPayload.Of(influence)));
        return this;
    }

    string StepOf(TableSpan span, CommitTs at) =>
        string.Concat(_rows.Where(r => r.At == at && IsIn(span, r.Table, r.Hash)).Select(static r => r.Text));

    static bool IsIn(TableSpan span, TableId table, uint hash) =>
        span.Table == TableId.Every || (span.Table == table && span.Contains(hash));
}
