using System.Globalization;
using System.Text;
using Cdc.Engine.Rows;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Target;
using Cdc.Protocol;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Cdc.Postgres.Tests.Target;

/// <summary>Folded changes do to a table what they do one by one.</summary>
public sealed class KeyedChangesTests : IDisposable
{
    const string Kept = "kept";

    static readonly TableSchema s_schema = new()
    {
        Id = new(1),
        Name = new("public", "t"),
        Columns = [new("id", new(TypeKind.Text, "text")), new("a", new(TypeKind.Text, "text")),
            new("b", new(TypeKind.Text, "text"))],
        Key = [0],
    };

    static readonly TargetTable s_table = new(s_schema,
    [
        new("id", "text", false, "=", true), new("a", "text", false, "=", true), new("b", "text", false, "=", true),
    ]);

    readonly RowWriter _writer = new(new());
    readonly KeyedChanges _folded = new();
    readonly Dictionary<string, (string A, string B)> _before = [];
    readonly Dictionary<string, (string A, string B)> _after = [];
    readonly HashSet<string> _whole = [];

    public void Dispose() => _writer.Abandon();

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(5000)]
    public void Deletes_of_many_rows_are_folded(int rows)
    {
        StartWith(rows);
        for (int i = 0; i < rows; i++) Delete(Key(i));

        Assert.True(TryFold());
        Verify();
    }

    [Fact]
    public void Whatever_the_changes_are_they_come_to_the_same_as_one_by_one() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            using KeyedChangesTests one = new();
            one.Random(new(seed));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_row_with_values_that_are_not_here_keeps_its_key_or_is_done_by_itself()
    {
        StartWith(1);
        Move(Key(0), "new", withUnchanged: true);

        Assert.False(TryFold());
    }

    [Fact]
    public void Changes_that_contradict_each_other_are_not_folded()
    {
        StartWith(1);
        Delete(Key(0));
        Delete(Key(0), isTwice: true);

        Assert.False(TryFold());
    }

    void Random(Random random)
    {
        StartWith(random.Next(40));
        int changes = random.Next(1500);
        for (int i = 0; i < changes; i++)
        {
            string key = Key(random.Next(60) * (random.Next(4) == 0 ? 50 : 1));
            bool isThere = _after.ContainsKey(key);
            switch (random.Next(5))
            {
                case 0 or 1 when !isThere: Insert(key, i); break;
                case 0 when isThere: Delete(key); break;
                case 1 or 2 when isThere: Update(key, i, withUnchanged: random.Next(2) == 0); break;
                case 3 when isThere && !_after.ContainsKey($"moved {i}"):
                    Move(key, $"moved {i}", withUnchanged: _whole.Contains(key) && random.Next(2) == 0);
                    break;
            }
        }
        if (_writer.UnsealedBytes == 0) return;
        Assert.True(TryFold());
        Verify();
    }

    void StartWith(int rows)
    {
        _writer.Begin(new(new(1, 0), 0, 0));
        for (int i = 0; i < rows; i++) _before[Key(i)] = _after[Key(i)] = (Kept, Kept);
    }

    void Insert(string key, int value)
    {
        _writer.StartRow(s_schema, Op.Insert);
        Image(key, value, withUnchanged: false);
        _writer.EndRow();
    }

    void Update(string key, int value, bool withUnchanged)
    {
        _writer.StartRow(s_schema, Op.Update);
        Image(key, value, withUnchanged);
        _writer.EndRow(flags: withUnchanged ? RowFlags.HasUnchanged : RowFlags.None);
    }

    void Move(string from, string to, bool withUnchanged)
    {
        _writer.StartRow(s_schema, Op.Update);
        Cells(from, null, null);
        _writer.StartNewImage();
        _after.Remove(from, out (string A, string B) was);
        _after[to] = was;
        if (_whole.Remove(from)) _whole.Add(to);
        Image(to, 7, withUnchanged);
        _writer.EndRow(OldImage.Key, RowFlags.KeyChanged | (withUnchanged ? RowFlags.HasUnchanged : RowFlags.None));
    }

    void Delete(string key, bool isTwice = false)
    {
        _writer.StartRow(s_schema, Op.Delete);
        Cells(key, null, null);
        _writer.StartNewImage();
        _writer.EndRow(OldImage.Key);
        Assert.NotEqual(isTwice, _after.Remove(key));
        _whole.Remove(key);
    }

    void Image(string key, int value, bool withUnchanged)
    {
        string text = value.ToString(CultureInfo.InvariantCulture);
        _writer.Value(Encoding.UTF8.GetBytes(key));
        _writer.Value(Encoding.UTF8.GetBytes(text));
        if (withUnchanged) _writer.Unchanged();
        else _writer.Value(Encoding.UTF8.GetBytes(text));
        _after[key] = (text, withUnchanged ? _after[key].B : text);
        if (!withUnchanged) _whole.Add(key);
    }

    void Cells(string key, string? a, string? b)
    {
        _writer.Value(Encoding.UTF8.GetBytes(key));
        foreach (string? cell in new[] { a, b })
        {
            if (cell is null) _writer.Null();
            else _writer.Value(Encoding.UTF8.GetBytes(cell));
        }
    }

    bool TryFold()
    {
        _writer.Close();
        _writer.Seal();
        TableChanges changes = new(s_table);
        foreach (RowBatch batch in _writer.Completed) changes.Add(batch);
        return _folded.TryFold(changes);
    }

    // What is folded, done to the rows that were there before.
    void Verify()
    {
        Dictionary<string, (string A, string B)> rows = new(_before);
        for (int i = 0; i < _folded.Count; i++)
        {
            string key = Encoding.UTF8.GetString(_folded.KeyOf(i)[sizeof(int)..]);
            KeyedRow row = _folded[i];
            Assert.Equal(_before.ContainsKey(key), row.Before);
            if (!row.After) rows.Remove(key);
            else rows[key] = (Value(row.Version, 1, key), Value(row.Version, 2, key));
        }
        Assert.Equal(_after.OrderBy(static row => row.Key), rows.OrderBy(static row => row.Key));
    }

    string Value(int version, int column, string key)
    {
        Cell cell = _folded.CellOf(version, column);
        Assert.Equal(cell.IsUnchanged, !_folded.IsComplete(version) && column == 2);
        return cell.IsUnchanged ? _before[key].B : Encoding.UTF8.GetString(cell.Bytes);
    }

    static string Key(int number) => string.Create(CultureInfo.InvariantCulture, $"row {number}");
}
