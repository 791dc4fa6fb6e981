using System.Collections;
using System.Text;

namespace Cdc.Postgres.Wire;

/// <summary>The rows of a small answer, each cell as text, null for NULL.</summary>
internal sealed class PgRows : IReadOnlyList<IReadOnlyList<string?>>
{
    // For catalogs and commands. Rows of tables come through COPY.
    const int BytesMax = 64 << 20;

    readonly List<string?[]> _rows = [];
    int _bytes;

    public IReadOnlyList<string> Columns { get; private set; } = [];

    public int Count => _rows.Count;

    public IReadOnlyList<string?> this[int index] => _rows[index];

    /// <summary>The cell of the one row of an answer.</summary>
    public string? this[string column] => Count == 1
        ? _rows[0][IndexOf(column)]
        : throw new InvalidOperationException($"One row was expected, {Count} came.");

    public IEnumerator<IReadOnlyList<string?>> GetEnumerator() => _rows.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    int IndexOf(string column)
    {
        for (int i = 0; i < Columns.Count; i++)
        {
            if (Columns[i] == column) return i;
        }
        throw new InvalidOperationException($"The answer has no column {column}.");
    }

    /// <summary>Takes a RowDescription; forgets the rows of an earlier statement.</summary>
    internal void Describe(ReadOnlySpan<byte> body)
    {
        var reader = new PgMessageReader(body);
        int count = reader.Int16();
        if (count < 0) throw PgMessageReader.Violation("a negative number of columns");
        var columns = new List<string>();
        for (int i = 0; i < count; i++)
        {
            columns.Add(reader.Text());
            reader.Bytes(18); // Table, column number, type, its length and modifier, format.
        }
        reader.End();
        Columns = columns;
        _rows.Clear();
    }

    /// <summary>Takes a DataRow.</summary>
    internal void Add(ReadOnlySpan<byte> body)
    {
        _bytes += body.Length;
        if (_bytes > BytesMax) throw PgMessageReader.Violation("an answer of more rows than the question can have");
        var reader = new PgMessageReader(body);
        if (reader.Int16() != Columns.Count) throw PgMessageReader.Violation("a row does not fit its description");
        string?[] row = new string?[Columns.Count];
        for (int i = 0; i < row.Length; i++)
        {
            int length = reader.Int32();
            row[i] = length == -1 ? null : Encoding.UTF8.GetString(reader.Bytes(length));
        }
        reader.End();
        _rows.Add(row);
    }
}
