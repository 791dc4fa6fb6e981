using System.Text;
using Cdc.Engine.Codecs;
using Cdc.Engine.Ddl;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Codecs;

/// <summary>Makes batches from text, transaction by transaction, and encodes them.</summary>
sealed class RowMaker(IRowEncoder encoder)
{
    /// <summary>A cell that the source did not send.</summary>
    public const string Unchanged = "\u0001unchanged";

    public const long Noon = 1_795_176_000_123_456; // 2026-11-20 12:00:00.123456

    readonly RowWriter _writer = new(new RowBlockPool());
    readonly System.Buffers.ArrayBufferWriter<byte> _output = new();
    ulong _commit = 0x16B3748;

    public int Lines { get; private set; }

    public byte[] Bytes => _output.WrittenSpan.ToArray();

    public string Text => Encoding.UTF8.GetString(_output.WrittenSpan);

    public RowMaker Transaction(params Action<RowMaker>[] rows)
    {
        _commit += 0x100;
        _writer.Begin(new(new(0, 0), 0, 742));
        foreach (Action<RowMaker> row in rows) row(this);
        _writer.Commit(_commit, Noon);
        return Flush();
    }

    public RowMaker Snapshot(params Action<RowMaker>[] rows)
    {
        _writer.Begin(new(new(_commit, CommitTs.FirstSnapshotStep), Noon, 0));
        foreach (Action<RowMaker> row in rows) row(this);
        _writer.Close();
        return Flush();
    }

    public RowMaker Truncate(params TableSchema[] tables)
    {
        CommitTs at = new(_commit += 0x100, 1);
        BlockEvent block = new(new(at, false), new Influence.All());
        Lines += encoder.Encode(new TruncateEvent(block, new(at, Noon, 742), [.. tables], false, false), _output);
        return this;
    }

    public RowMaker Ddl(string tag, string? sql, params SchemaChange[] changes)
    {
        CommitTs at = new(_commit += 0x100, 1);
        BlockEvent block = new(new(at, false), new Influence.All());
        Lines += encoder.Encode(
            new DdlEvent(block, new(at, Noon, 742), tag, [.. changes]) { Sql = sql, SearchPath = "shop, public" }, _output);
        return this;
    }

    public RowMaker Checkpoint()
    {
        Lines += encoder.EncodeCheckpoint(CommitTs.End(_commit), _output);
        return this;
    }

    public static Action<RowMaker> Insert(TableSchema schema, params string?[] cells) =>
        maker => maker.Row(schema, Op.Insert, null, cells);

    public static Action<RowMaker> Copied(TableSchema schema, params string?[] cells) =>
        maker => maker.Row(schema, Op.Snapshot, null, cells);

    public static Action<RowMaker> Delete(TableSchema schema, OldImage kind, params string?[] cells) =>
        maker => maker.Row(schema, Op.Delete, cells, null, kind);

    public static Action<RowMaker> Update(TableSchema schema, params string?[] cells) =>
        maker => maker.Row(schema, Op.Update, null, cells);

    public static Action<RowMaker> Update(
        TableSchema schema, OldImage kind, string?[] old, string?[] cells, bool keyChanged = false) =>
        maker => maker.Row(schema, Op.Update, old, cells, kind, keyChanged);

    public static Action<RowMaker> Message(string prefix, string content) =>
        maker => maker.Row(TableSchema.Messages, Op.Message, null, [prefix, content]);

    public static Action<RowMaker> Raw(TableSchema schema, byte[] cell) => maker =>
    {
        maker._writer.StartRow(schema, Op.Insert);
        maker._writer.StartNewImage();
        maker._writer.Value(cell);
        maker._writer.EndRow();
    };

    void Row(
        TableSchema schema, Op op, string?[]? old, string?[]? cells, OldImage kind = OldImage.None, bool keyChanged = false)
    {
        _writer.StartRow(schema, op);
        foreach (string? cell in old ?? []) Cell(cell);
        _writer.StartNewImage();
        foreach (string? cell in cells ?? []) Cell(cell);
        RowFlags flags = keyChanged ? RowFlags.KeyChanged : RowFlags.None;
        if (cells?.Contains(Unchanged) == true) flags |= RowFlags.HasUnchanged;
        _writer.EndRow(kind, flags);
    }

    void Cell(string? cell)
    {
        if (cell is null) _writer.Null();
        else if (cell == Unchanged) _writer.Unchanged();
        else _writer.Value(Encoding.UTF8.GetBytes(cell));
    }

    RowMaker Flush()
    {
        _writer.Seal();
        foreach (RowBatch batch in _writer.Completed)
        {
            Lines += encoder.Encode(batch, _output);
            batch.Release();
        }
        _writer.Completed.Clear();
        return this;
    }
}
