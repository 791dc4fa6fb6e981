using System.Collections.Immutable;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Rows;

/// <summary>A row as plain objects, to compare with what comes back. A cell is null, <see cref="Unchanged"/> or
/// bytes.</summary>
sealed record PlainRow(TableId Table, Op Op, OldImage Image, RowFlags Flags, uint Sequence, CommitStamp Stamp,
    ImmutableArray<string?> Old, ImmutableArray<string?> New)
{
    public const string Unchanged = "<unchanged>";

    public static PlainRow Of(TableSchema schema, Row row) => new(
        schema.Id, row.Op, row.OldImage, row.Flags, row.Sequence, row.Stamp, Cells(row.Old), Cells(row.New));

    public static List<PlainRow> Of(IEnumerable<RowBatch> batches)
    {
        List<PlainRow> rows = [];
        foreach (RowBatch batch in batches)
        {
            int before = rows.Count;
            foreach (Row row in batch) rows.Add(Of(batch.Schema, row));
            Assert.Equal(batch.Count, rows.Count - before);
            Assert.Equal(rows[before].Stamp.Ts, batch.FirstTs);
            Assert.Equal(rows[^1].Stamp, batch.LastStamp);
        }
        return rows;
    }

    static ImmutableArray<string?> Cells(Cdc.Engine.Rows.Tuple tuple)
    {
        List<string?> cells = [];
        foreach (Cell cell in tuple)
            cells.Add(cell.IsNull ? null : cell.IsUnchanged ? Unchanged
                : System.Text.Encoding.Latin1.GetString(cell.Bytes));
        return [.. cells];
    }

    public bool Equals(PlainRow? other) =>
        other is not null && Table == other.Table && Op == other.Op && Image == other.Image && Flags == other.Flags
        && Sequence == other.Sequence && Stamp == other.Stamp
        && Old.AsSpan().SequenceEqual(other.Old.AsSpan()) && New.AsSpan().SequenceEqual(other.New.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Table, Op, Sequence);
}

/// <summary>Writes random rows of random tables in random transactions, and remembers them.</summary>
sealed class RandomRows(int seed)
{
    readonly Random _random = new(seed);

    public static readonly ImmutableArray<TableSchema> Tables =
    [
        Table(1, "narrow", 1), Table(2, "middle", 4), Table(3, "wide", 30), Table(4, "empty", 0),
    ];

    public int LargestValue { get; init; } = 300;

    public static TableSchema Table(long id, string name, int columns) => new()
    {
        Id = new(id),
        Since = new((ulong)id, 0),
        Name = new("public", name),
        Columns = [.. Enumerable.Range(0, columns)
            .Select(i => new Column($"c{i}", new(TypeKind.Text, "text"), i == 0))],
        Key = columns > 0 ? [0] : [],
    };

    public static TableSchema Find(TableId id) => Tables.Single(table => table.Id == id);

    /// <summary>One transaction; its rows, as they must read after it was committed at <paramref
    /// name="stamp"/>.</summary>
    public List<PlainRow> Write(RowWriter writer, CommitStamp stamp, int rows)
    {
        List<PlainRow> written = [];
        CommitStamp now = stamp with { Ts = new(stamp.Ts.Commit, 0) };
        uint sequence = 0;
        writer.Begin(stamp with { Ts = default, CommitTime = 0 });
        for (int i = 0; i < rows; i++)
        {
            int what = _random.Next(40);
            if (what == 0)
            {
                writer.NextStep();
                (now, sequence) = (now with { Ts = now.Ts with { Step = now.Ts.Step + 1 } }, 0);
            }
            if (what == 1) writer.Seal();
            if (what == 2) DropOne(writer);
            PlainRow row = Row(now, sequence);
            Write(writer, row);
            written.Add(row);
            sequence += row.Op == Op.Update && row.Image != OldImage.None ? 2u : 1u;
        }
        return written;
    }

    public static void Write(RowWriter writer, PlainRow row)
    {
        writer.StartRow(Find(row.Table), row.Op);
        foreach (string? cell in row.Old) Cell(writer, cell);
        writer.StartNewImage();
        foreach (string? cell in row.New) Cell(writer, cell);
        writer.EndRow(row.Image, row.Flags);
    }

    void DropOne(RowWriter writer)
    {
        writer.StartRow(Tables[_random.Next(Tables.Length)], Op.Insert);
        writer.Value(new byte[_random.Next(LargestValue)]);
        writer.DropRow();
    }

    PlainRow Row(CommitStamp stamp, uint sequence)
    {
        TableSchema table = Tables[_random.Next(Tables.Length)];
        Op op = (Op)_random.Next((int)Op.Snapshot, (int)Op.Delete + 1);
        OldImage image = op switch
        {
            Op.Update => (OldImage)_random.Next(3),
            Op.Delete => (OldImage)_random.Next(1, 3),
            _ => OldImage.None,
        };
        return new(table.Id, op, image, (RowFlags)_random.Next(4), sequence, stamp,
            image == OldImage.None ? [] : Cells(table), op == Op.Delete ? [] : Cells(table));
    }

    ImmutableArray<string?> Cells(TableSchema table) => [.. table.Columns.Select(_ => Value())];

    string? Value() => _random.Next(10) switch
    {
        0 => null,
        1 => PlainRow.Unchanged,
        2 => "",
        _ => string.Create(_random.Next(LargestValue), _random, static (span, random) =>
        {
            for (int i = 0; i < span.Length; i++) span[i] = (char)random.Next(256);
        }),
    };

    static void Cell(RowWriter writer, string? cell)
    {
        if (cell is null) writer.Null();
        else if (cell == PlainRow.Unchanged) writer.Unchanged();
        else writer.Value(System.Text.Encoding.Latin1.GetBytes(cell));
    }
}
