using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Cdc.Engine.Rows;
using Tuple = Cdc.Engine.Rows.Tuple;

namespace Cdc.Postgres.Target;

/// <summary>Writes a change of one row as a statement of its own, which concerns exactly that row.</summary>
internal sealed class RowStatements
{
    readonly ArrayBufferWriter<byte> _sql = new(1 << 10);

    /// <param name="keeps">A row that is there already takes the new values.</param>
    public ReadOnlySpan<byte> Insert(TargetTable table, Tuple row, bool keeps)
    {
        Begin("INSERT INTO ", table.Name, $" ({table.ColumnList}) OVERRIDING SYSTEM VALUE VALUES (");
        bool first = true;
        foreach (Cell cell in row)
        {
            if (!first) _sql.Write(", "u8);
            first = false;
            Value(cell);
        }
        _sql.Write(")"u8);
        if (keeps) Text(table.OnConflict);
        return _sql.WrittenSpan;
    }

    /// <summary>Whether the number of a row may be another one now, though an UPDATE can't set it.</summary>
    public static bool MayRenumber(TargetTable table, Row row)
    {
        int number = table.Numbered;
        if (number < 0 || table.Schema.Key.Contains(number) || !row.New[number].HasValue) return false;
        return row.OldImage != OldImage.Full || !row.Old[number].HasValue
            || !row.Old[number].Bytes.SequenceEqual(row.New[number].Bytes);
    }

    /// <summary>Takes the row out and puts it in again, if its number is another one.</summary>
    /// <param name="isReplica">Otherwise what refers to the row would go with it, and the row is only looked
    /// for.</param>
    public ReadOnlySpan<byte> Renumber(TargetTable table, Row row, bool isReplica)
    {
        TargetColumn number = table.Columns[table.Numbered];
        Begin(isReplica ? "WITH gone AS (DELETE FROM ONLY " : "SELECT FROM ONLY ", table.Name, "");
        Where(table, row.OldImage == OldImage.None ? row.New : row.Old);
        Text($" AND {number.Quoted} <> ");
        Value(row.New[table.Numbered]);
        if (isReplica) PutBack(table, row.New, onlyNumber: true);
        return _sql.WrittenSpan;
    }

    /// <summary>Sets what was sent and did change or may have. The old image names the row, if there is one.</summary>
    public ReadOnlySpan<byte> Update(TargetTable table, Row row)
    {
        bool keyStays = !row.Flags.HasFlag(RowFlags.KeyChanged);
        if (!keyStays && table.Schema.Key.Contains(table.Numbered))
        {
            Begin("WITH gone AS (DELETE FROM ONLY ", table.Name, "");
            Where(table, row.Old);
            PutBack(table, row.New, onlyNumber: false);
            return _sql.WrittenSpan;
        }
        Begin("UPDATE ONLY ", table.Name, " SET ");
        int column = 0;
        bool any = false;
        foreach (Cell cell in row.New)
        {
            int i = column++;
            if (cell.IsUnchanged || i == table.Numbered || (keyStays && table.Schema.Key.Contains(i))) continue;
            if (any) _sql.Write(", "u8);
            any = true;
            Text(table.Columns[i].Quoted);
            _sql.Write(" = "u8);
            Value(cell);
        }
        // Nothing but the key: the row must be there, and that is all.
        if (!any) Begin("SELECT FROM ONLY ", table.Name, "");
        Where(table, row.OldImage == OldImage.None ? row.New : row.Old);
        return _sql.WrittenSpan;
    }

    public ReadOnlySpan<byte> Delete(TargetTable table, Row row)
    {
        Begin("DELETE FROM ONLY ", table.Name, "");
        Where(table, row.Old);
        return _sql.WrittenSpan;
    }

    void PutBack(TargetTable table, Tuple row, bool onlyNumber)
    {
        Text($" RETURNING *) INSERT INTO {table.Name} ({table.ColumnList}) OVERRIDING SYSTEM VALUE SELECT ");
        int column = 0;
        foreach (Cell cell in row)
        {
            int i = column++;
            if (i > 0) _sql.Write(", "u8);
            if (cell.IsUnchanged || (onlyNumber && i != table.Numbered)) Text(table.Columns[i].Quoted);
            else Value(cell);
        }
        _sql.Write(" FROM gone"u8);
    }

    void Where(TargetTable table, Tuple row)
    {
        ImmutableArray<int> key = table.Schema.Key;
        if (key.IsEmpty)
        {
            // Of rows that are equal in all columns any one will do, and only one.
            Text($" WHERE ctid = (SELECT ctid FROM ONLY {table.Name} WHERE ");
            WhereWhole(table, row);
            _sql.Write(" LIMIT 1)"u8);
            return;
        }
        _sql.Write(" WHERE "u8);
        bool any = false;
        foreach (int k in key)
        {
            if (any) _sql.Write(" AND "u8);
            any = true;
            Is(table.Columns[k], row[k], byText: table.Columns[k].Equality is null);
        }
    }

    void WhereWhole(TargetTable table, Tuple row)
    {
        int i = 0;
        foreach (Cell cell in row)
        {
            if (i > 0) _sql.Write(" AND "u8);
            TargetColumn column = table.Columns[i++];
            // Values without an equality, and those whose equality is coarser than their text.
            Is(column, cell, byText: !column.IsExact || column.Equality is null);
        }
    }

    void Is(TargetColumn column, Cell cell, bool byText)
    {
        // Not IS NULL, which a row is, too, that holds nothing but NULL.
        if (!cell.HasValue)
        {
            Text($"{column.Quoted} IS NOT DISTINCT FROM NULL");
            return;
        }
        // As it is printed: a cast to text takes trailing blanks off, and would compare by the column's collation. NULL
        // is printed as nothing.
        Text(byText
            ? $"{column.Quoted} IS DISTINCT FROM NULL AND pg_catalog.format('%s', {column.Quoted}) "
                + "COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.=) "
            : $"{column.Quoted} {column.Equality} ");
        Value(cell);
        if (!byText) Text(column.Cast);
    }

    void Value(Cell cell)
    {
        if (!cell.HasValue)
        {
            _sql.Write("NULL"u8);
            return;
        }
        _sql.Write("'"u8);
        ReadOnlySpan<byte> bytes = cell.Bytes;
        while (bytes.IndexOf((byte)'\'') is >= 0 and var quote)
        {
            _sql.Write(bytes[..(quote + 1)]);
            _sql.Write("'"u8);
            bytes = bytes[(quote + 1)..];
        }
        _sql.Write(bytes);
        _sql.Write("'"u8);
    }

    void Begin(string verb, string table, string rest)
    {
        const int KeptBytes = 1 << 20;
        // One huge value must not stay with us for ever.
        _sql.ResetWrittenCount();
        if (_sql.Capacity > KeptBytes) _sql.Clear();
        Text(verb);
        Text(table);
        Text(rest);
    }

    void Text(string text) => Encoding.UTF8.GetBytes(text, _sql);
}
